/**
 * Distances to the edge of a region, exactly, in time proportional to the voxels: along one axis the nearest edge is a
 * matter of counting, and along the other it is the lower envelope of parabolas. Source: Felzenszwalb and Huttenlocher,
 * Theory of Computing 8 (2012) 415.
 */

/**
 * @param region [y, x]
 * @param label of the region
 * @returns [y, x] voxels from each voxel's centre to the nearest midpoint of an edge between voxels of the region and
 *   others; infinite where there is none
 */
export function distanceToEdge(region: Uint8Array, label: number, ny: number, nx: number): Float32Array {
  // edges between neighbours of a row, then those between neighbours of a column
  const sideways = squaredDistances((row, col) => (region[row * nx + col] === label ? 1 : 0), ny, nx);
  const upwards = squaredDistances((col, row) => (region[row * nx + col] === label ? 1 : 0), nx, ny);
  return Float32Array.from(region, (_, i) => {
    const [row, col] = [Math.floor(i / nx), i % nx];
    return Math.sqrt(Math.min(sideways[i]!, upwards[col * ny + row]!));
  });
}

/** @returns [line, place] squares of the distances to edges between neighbouring places of a line */
function squaredDistances(isIn: (line: number, place: number) => number, lines: number, places: number): Float64Array {
  const within = new Float64Array(lines * places).fill(Number.POSITIVE_INFINITY);
  for (let line = 0; line < lines; line++) {
    const at = line * places;
    let last = Number.NEGATIVE_INFINITY;
    for (let place = 0; place < places; place++) {
      if (place > 0 && isIn(line, place) !== isIn(line, place - 1)) last = place - 0.5;
      within[at + place] = (place - last) ** 2;
    }
    last = Number.POSITIVE_INFINITY;
    for (let place = places - 1; place >= 0; place--) {
      if (place + 1 < places && isIn(line, place) !== isIn(line, place + 1)) last = place + 0.5;
      within[at + place] = Math.min(within[at + place]!, (last - place) ** 2);
    }
  }
  const [column, vertex, start] = [new Float64Array(lines), new Int32Array(lines), new Float64Array(lines + 1)];
  for (let place = 0; place < places; place++) {
    for (let line = 0; line < lines; line++) column[line] = within[line * places + place]!;
    let count = 0;
    for (let line = 0; line < lines; line++) {
      if (column[line] === Number.POSITIVE_INFINITY) continue;
      let from = Number.NEGATIVE_INFINITY;
      while (count > 0) {
        const other = vertex[count - 1]!;
        from = (column[line]! + line * line - (column[other]! + other * other)) / (2 * (line - other));
        if (from > start[count - 1]!) break;
        count--;
      }
      vertex[count] = line;
      start[count++] = count === 1 ? Number.NEGATIVE_INFINITY : from;
    }
    for (let line = 0, k = 0; line < lines && count > 0; line++) {
      while (k + 1 < count && start[k + 1]! < line) k++;
      const nearest = vertex[k]!;
      within[line * places + place] = column[nearest]! + (line - nearest) ** 2;
    }
  }
  return within;
}
