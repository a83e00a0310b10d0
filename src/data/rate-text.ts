/** C-rates as they are written: 8.1 h for a charge is C/8.1, 50 min 1.2C; "" where there is none. @param perHour 1/h */
export function rateText(perHour: number | undefined): string {
  if (perHour === undefined || !(perHour > 0)) return "";
  return perHour < 0.95 ? `C/${Number((1 / perHour).toPrecision(2))}` : `${Number(perHour.toPrecision(2))}C`;
}
