/** What a calibration needs to be told, and what of it is missing. */
import { energyKeVToWavelengthA, wavelengthAToEnergyKeV } from "../../data/index.ts";
import type { Poni } from "../../geometry/index.ts";
import type { CalibrateRequest, FrameSeries } from "../../server/wire-frames.ts";
import { STANDARDS } from "./frame-head.tsx";
import type { FrameParts } from "./frames-page.tsx";

/** As typed: empty is not given. */
export interface CalibrateValues {
  readonly calibrant: string;
  readonly energyKeV: string;
  readonly distanceMm: string;
  readonly pixelUm: string;
  readonly centre: string;
  readonly refineEnergy: boolean;
  readonly refineTilt: boolean;
  readonly check: string;
}

export const NO_VALUES: CalibrateValues = {
  calibrant: "CeO2",
  energyKeV: "",
  distanceMm: "",
  pixelUm: "",
  centre: "",
  refineEnergy: false,
  refineTilt: true,
  check: "",
};

/** As typed, with the mask in force. */
export function requestOf(form: CalibrateValues, { choice, view }: FrameParts): CalibrateRequest {
  const centre = form.centre
    .trim()
    .split(/[,; ]+/)
    .map(Number);
  return {
    ...choice,
    mask: view.mask,
    calibrant: form.calibrant,
    energyKeV: Number(form.energyKeV),
    distanceMm: Number(form.distanceMm),
    ...(form.pixelUm && { pixelUm: Number(form.pixelUm) }),
    ...(form.centre.trim() && { centrePx: [centre[0]!, centre[1]!] as const }),
    refineEnergy: form.refineEnergy,
    refineTilt: form.refineTilt,
    ...(form.check && { check: form.check }),
  };
}

/** What was typed, without tilt. */
function roughPoni(
  { energyKeV, distanceMm, pixelUm, centre }: CalibrateValues,
  { pixelM, detector }: FrameSeries,
): Poni {
  const [pixel1, pixel2] = pixelUm ? [Number(pixelUm) * 1e-6, Number(pixelUm) * 1e-6] : pixelM!;
  const [row, col] = centre
    .trim()
    .split(/[,; ]+/)
    .map(Number);
  return {
    dist: Number(distanceMm) * 1e-3,
    poni1: row! * pixel1,
    poni2: col! * pixel2,
    rot1: 0,
    rot2: 0,
    rot3: 0,
    wavelength: energyKeVToWavelengthA(Number(energyKeV)) * 1e-10,
    pixel1,
    pixel2,
    ...(detector && !pixelUm && { detector }),
  };
}

const isPositive = (text: string): boolean => text.trim() !== "" && Number(text) > 0;
const isCentre = (text: string): boolean => text.trim() === "" || /^\s*-?[\d.]+\s*[,; ]\s*-?[\d.]+\s*$/.test(text);

/** In the user's words; empty where all is there. */
function missingOf(form: CalibrateValues, series: FrameSeries): string[] {
  const hasPixel = series.detector !== undefined || isPositive(form.pixelUm);
  return [
    !isPositive(form.energyKeV) && "the energy",
    !isPositive(form.distanceMm) && "a rough distance",
    !hasPixel && "the pixel size: no known detector has this shape",
    !isCentre(form.centre) && "a beam centre as row, column",
  ].filter((text) => text !== false);
}

interface Props extends FrameParts {
  readonly form: CalibrateValues;
  readonly onForm: (part: Partial<CalibrateValues>) => void;
  readonly onRun: () => void;
  readonly onTry: (poni: Poni) => void;
  readonly isBusy: boolean;
}

export function CalibrateForm(props: Props) {
  const missing = missingOf(props.form, props.series);
  return (
    <form
      className="frames-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (missing.length === 0 && !props.isBusy) props.onRun();
      }}
    >
      <Fields {...props} />
      <Actions {...props} missing={missing} />
    </form>
  );
}

function Fields({ form, onForm, series, beside }: Props) {
  const text = (name: "energyKeV" | "distanceMm" | "pixelUm" | "centre", label: string, hint: string) => (
    <label>
      {label}{" "}
      <input
        type="text"
        size={8}
        aria-label={label}
        placeholder={hint}
        value={form[name]}
        onChange={({ target }) => onForm({ [name]: target.value.replace(/^\s+/, "") })}
      />
    </label>
  );
  return (
    <>
      <label>
        standard{" "}
        <select
          aria-label="standard"
          value={form.calibrant}
          onChange={({ target }) => onForm({ calibrant: target.value })}
        >
          {[...STANDARDS, ...(beside?.cifs ?? [])].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      {text("energyKeV", "energy (keV)", "71")}
      {text("distanceMm", "distance (mm)", "within 10 %")}
      {text(
        "pixelUm",
        "pixel (µm)",
        series.pixelM ? String(Number((series.pixelM[0] * 1e6).toPrecision(6))) : "needed",
      )}
      {text("centre", "beam centre (row, column)", "found")}
      <label>
        compare with{" "}
        <select
          aria-label="compare with"
          title="a .poni made before: tells in which orientation of the image it fits"
          value={form.check}
          onChange={({ target }) => onForm({ check: target.value })}
        >
          <option value="">no .poni</option>
          {beside?.geometries.map((path) => (
            <option key={path}>{path}</option>
          ))}
        </select>
      </label>
      <label>
        <input
          type="checkbox"
          checked={form.refineTilt}
          onChange={({ target }) => onForm({ refineTilt: target.checked })}
        />{" "}
        refine the tilt
      </label>
      <label title="it correlates with the distance: only with rings to high angles">
        <input
          type="checkbox"
          checked={form.refineEnergy}
          onChange={({ target }) => onForm({ refineEnergy: target.checked })}
        />{" "}
        refine the energy
      </label>
    </>
  );
}

function Actions({ form, onForm, onTry, isBusy, series, poni, missing }: Props & { missing: readonly string[] }) {
  return (
    <div className="frames-row frames-wide">
      <button type="submit" className="primary" disabled={missing.length > 0 || isBusy}>
        calibrate
      </button>
      {poni?.wavelength !== undefined && (
        <button
          type="button"
          title="energy and distance of the geometry in force"
          onClick={() =>
            onForm({
              energyKeV: wavelengthAToEnergyKeV(poni.wavelength! * 1e10).toPrecision(7),
              distanceMm: (poni.dist * 1e3).toPrecision(6),
            })
          }
        >
          start from the geometry
        </button>
      )}
      {missing.length === 0 && form.centre.trim() !== "" && (
        <button
          type="button"
          title="draws the rings of a detector normal to the beam with these values, to see how far off they are"
          onClick={() => onTry(roughPoni(form, series))}
        >
          draw these values
        </button>
      )}
      {missing.length > 0 && <span className="dim">needed: {missing.join("; ")}</span>}
    </div>
  );
}
