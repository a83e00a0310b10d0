/** Dates as programs write them, into ISO 8601 without a zone: the clock of the machine that wrote them. */

export interface DateStamp {
  /** as in "2021-08-23T18:04:18" */
  readonly iso: string;
  /** where it could be read in two ways */
  readonly note?: string;
}

/** Days from 1899-12-30 of 1990 and 2100: what an Excel or OLE date can be. */
const [EARLIEST_DAY, LATEST_DAY] = [32874, 73050];

/**
 * "2022-05-18 16:27:52", "08/23/2021 6:04:18 PM", "23.8.2021 18:04", days since 1900 as in 45131.78472; undefined where
 * it is no date.
 *
 * Of two numbers that could both be months, the first is the month, as these programs write them in their homes, but
 * the second where points or a decimal comma say that they ran elsewhere.
 */
export function parseStamp(text: string, isDayFirst = false): DateStamp | undefined {
  const plain = text.trim();
  const days = Number(plain);
  if (/^\d{5}(\.\d+)?$/.test(plain) && days > EARLIEST_DAY && days < LATEST_DAY) {
    return { iso: isoOfSeconds((days - 25569) * 86400) };
  }
  const found =
    /^(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})(?:[T\s,]+(\d{1,2}):(\d{2})(?::(\d{2}(?:[.,]\d+)?))?\s*([AP]M)?)?/i.exec(
      plain,
    );
  if (!found) return undefined;
  const [, a, b, c, hours = "0", minutes = "0", seconds = "0", half] = found;
  const first = [Number(a), Number(b), Number(c)] as const;
  const isYearFirst = a!.length === 4;
  const swaps = !isYearFirst && (first[0] > 12 || ((isDayFirst || plain.includes(".")) && first[1] <= 12));
  const [year, month, day] = isYearFirst
    ? first
    : swaps
      ? [first[2], first[1], first[0]]
      : [first[2], first[0], first[1]];
  const hour = half ? (Number(hours) % 12) + (/p/i.test(half) ? 12 : 0) : Number(hours);
  const fullYear = year < 100 ? 2000 + year : year;
  const date = Date.UTC(fullYear, month - 1, day, hour, Number(minutes));
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || !Number.isFinite(date)) return undefined;
  const isDoubtful = !isYearFirst && first[0] <= 12 && first[1] <= 12 && first[0] !== first[1];
  return {
    iso: isoOfSeconds(date / 1000 + Number(seconds.replace(",", "."))),
    ...(isDoubtful && {
      note: `its date was read as ${swaps ? "day, month" : "month, day"}, year`,
    }),
  };
}

/** Seconds since 1970 on the same clock. */
export const stampSeconds = (iso: string): number => Date.parse(/Z$|[+-]\d\d:\d\d$/.test(iso) ? iso : `${iso}Z`) / 1000;

export function isoOfSeconds(seconds: number): string {
  return new Date(Math.round(seconds * 1000))
    .toISOString()
    .replace("Z", "")
    .replace(/\.000$/, "");
}
