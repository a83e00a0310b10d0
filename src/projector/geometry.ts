/**
 * The parallel beam over one slice, seen from above: which translation sees which voxel.
 *
 *            y ^      beam, towards the detector (+t)
 *              |     /                                   s = x cos(omega) + y sin(omega)
 *         +----+----+                                    translation index = rotationAxis + s
 *         | .  | .  |       s                            (all lengths in translation steps)
 *         | .  o----|--->   ^
 *         | .    .  | x      \  each voxel is shared between the two translations nearest to its s,
 *         +---------+           the nearer the more
 *
 * Voxels are squares of one translation step, the grid is centred on the rotation axis, row 0 is the lowest y. A voxel
 * is seen as a triangle of half width max(|cos|, |sin|) and area 1: a ray interpolates linearly between voxels in each
 * line (or column) it crosses, so its value is the sum of voxel values times path in steps, and a flat image projects
 * to its chords. (A triangle of half width 1 at every angle would ripple by 13 % at 45 degrees, which iterative methods
 * turn into a chequered image.)
 *
 * Source: Joseph, IEEE Trans. Med. Imaging 1 (1982) 192-196.
 */
import { InputError } from "../data/index.ts";

export interface ProjectorOptions {
  /** [angle] degrees, any order, counter-clockwise seen from above */
  readonly omegaDeg: ArrayLike<number>;
  readonly translations: number;
  /** translation index of the rotation axis, fraction allowed */
  readonly rotationAxis: number;
  /** voxels along each edge of the grid; as many as translations where not given */
  readonly size?: number;
  /** [y, x] 1 inside the sample; without it the circle that fits the grid */
  readonly sample?: Uint8Array;
}

export interface ProjectorGeometry {
  readonly angles: number;
  readonly translations: number;
  readonly rotationAxis: number;
  /** the grid is size x size */
  readonly size: number;
  /** [angle, 2] cos and sin of omega */
  readonly directions: Float64Array;
  /** [y, 2] first voxel and end of what is projected in each line of the grid */
  readonly spans: Int32Array;
  /** [y, x] 1 where voxels are free, 0 where they are 0 by definition */
  readonly sample: Uint8Array;
  /** rows are padded so that every voxel of the spans falls inside: element = translation + pad */
  readonly pad: number;
  readonly rowLength: number;
}

/**
 * The rays of a scan through a square grid of voxels: what project and backproject need.
 *
 * @throws InputError "projector-no-angles" | "projector-no-translations" | "projector-axis" | "projector-sample-shape"
 */
export function createProjectorGeometry(options: ProjectorOptions): ProjectorGeometry {
  const { translations, rotationAxis } = options;
  const angles = options.omegaDeg.length;
  const size = options.size ?? translations;
  checkOptions(options, angles, size);
  const directions = new Float64Array(2 * angles);
  for (let angle = 0; angle < angles; angle++) {
    const omega = (options.omegaDeg[angle]! * Math.PI) / 180;
    directions[2 * angle] = Math.cos(omega);
    directions[2 * angle + 1] = Math.sin(omega);
  }
  const sample = options.sample ?? circle(size, (size - 1) / 2);
  const spans = findSpans(sample, size);
  const reach = findReach(spans, size);
  const low = Math.floor(rotationAxis - reach) - 2;
  const pad = Math.max(0, -low);
  const rowLength = pad + Math.max(translations, Math.ceil(rotationAxis + reach) + 3);
  return { angles, translations, rotationAxis, size, directions, spans, sample, pad, rowLength };
}

/** [y, x] 1 where the centre of the voxel is no farther than `radius` voxels from the centre of the grid. */
export function circle(size: number, radius: number): Uint8Array {
  const inside = new Uint8Array(size * size);
  const centre = (size - 1) / 2;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      if ((x - centre) ** 2 + (y - centre) ** 2 <= radius * radius) inside[y * size + x] = 1;
    }
  }
  return inside;
}

function checkOptions(
  { omegaDeg, translations, rotationAxis, sample }: ProjectorOptions,
  angles: number,
  size: number,
) {
  const bad = Array.from(omegaDeg).findIndex((omega) => !Number.isFinite(omega));
  if (angles === 0 || bad >= 0)
    throw new InputError(
      "projector-no-angles",
      `A reconstruction needs the rotation angle of every projection; found ${angles} angles${
        bad >= 0 ? `, number ${bad} (counted from 0) is ${omegaDeg[bad]}` : ""
      }. Give omega in degrees for each projection.`,
    );
  if (!Number.isInteger(translations) || translations < 2 || !Number.isInteger(size) || size < 1)
    throw new InputError(
      "projector-no-translations",
      `A reconstruction needs at least 2 translations and a grid of at least 1 voxel; found ${translations} translations and a grid of ${size}.`,
    );
  if (!(rotationAxis >= 0 && rotationAxis <= translations - 1))
    throw new InputError(
      "projector-axis",
      `The rotation axis lies at translation ${rotationAxis}, outside the scan's 0 to ${translations - 1}. It is counted in translation steps from the first; give rotationAxis, or let the sinogram stage find it.`,
    );
  if (sample && sample.length !== size * size)
    throw new InputError(
      "projector-sample-shape",
      `The sample mask has ${sample.length} voxels, the grid ${size} x ${size} = ${size * size}. Give a mask of the grid's shape [y, x].`,
    );
}

function findSpans(sample: Uint8Array, size: number): Int32Array {
  const spans = new Int32Array(2 * size);
  for (let y = 0; y < size; y++) {
    const line = sample.subarray(y * size, (y + 1) * size);
    const first = line.findIndex((inside) => inside !== 0);
    if (first < 0) continue;
    spans[2 * y] = first;
    spans[2 * y + 1] = line.findLastIndex((inside) => inside !== 0) + 1;
  }
  return spans;
}

/** Greatest distance of a projected voxel from the axis. */
function findReach(spans: Int32Array, size: number): number {
  const centre = (size - 1) / 2;
  let reach = 0;
  for (let y = 0; y < size; y++) {
    if (spans[2 * y + 1]! <= spans[2 * y]!) continue;
    const x = Math.max(Math.abs(spans[2 * y]! - centre), Math.abs(spans[2 * y + 1]! - 1 - centre));
    reach = Math.max(reach, Math.hypot(x, y - centre));
  }
  return reach;
}
