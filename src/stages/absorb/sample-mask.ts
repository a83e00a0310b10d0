/**
 * The sample with the holes that it encloses: all that the outside does not reach through the four sides of voxels.
 *
 * @param scattering [y, x] 1 where there is sample
 * @returns [y, x] 1 inside
 */
export function withHoles(scattering: Uint8Array, nx: number): Uint8Array {
  const ny = scattering.length / nx;
  const inside = new Uint8Array(scattering.length).fill(1);
  const stack: number[] = [];
  const visit = (x: number, y: number): void => {
    if (x < 0 || y < 0 || x >= nx || y >= ny) return;
    const i = y * nx + x;
    if (scattering[i] || !inside[i]) return;
    inside[i] = 0;
    stack.push(i);
  };
  for (let x = 0; x < nx; x++) {
    visit(x, 0);
    visit(x, ny - 1);
  }
  for (let y = 0; y < ny; y++) {
    visit(0, y);
    visit(nx - 1, y);
  }
  while (stack.length > 0) {
    const i = stack.pop()!;
    const [x, y] = [i % nx, Math.floor(i / nx)];
    visit(x - 1, y);
    visit(x + 1, y);
    visit(x, y - 1);
    visit(x, y + 1);
  }
  return inside;
}
