/**
 * Gives a voxel the weights of the mean pattern, at the level of its own noise.
 *
 * Linear fits with the same weights in all voxels add up to the fit of their sum, whatever the model misses. With
 * weights of its own a voxel counts the misfit of its strong lines for less than others do, and the sum over voxels
 * is no longer what the slice holds. Nothing is lost: a reconstruction spreads the noise of its rays over the slice.
 *
 * @param weight [point] of the voxel, 1/sigma^2 or 1 where it has none; 0 where there is no value. Overwritten
 * @param sliceSigma [point] of the mean pattern
 */
export function weighBySlice(weight: Float64Array, sliceSigma: Float64Array): void {
  let [level, points] = [0, 0];
  for (let k = 0; k < weight.length; k++) {
    if (!(sliceSigma[k]! > 0 && Number.isFinite(sliceSigma[k]!))) weight[k] = 0;
    if (!(weight[k]! > 0)) continue;
    level += 1 / (weight[k]! * sliceSigma[k]! * sliceSigma[k]!);
    points++;
  }
  const scale = points / level;
  for (let k = 0; k < weight.length; k++) {
    if (weight[k]! > 0) weight[k] = scale / (sliceSigma[k]! * sliceSigma[k]!);
  }
}
