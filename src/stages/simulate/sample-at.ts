import { InputError } from "../../data/index.ts";
import { SimulateConfig } from "./config.ts";

/** What of a sample may change. */
const MAY_CHANGE = ["phases", "materials", "fields", "shapes"];

/**
 * The sample of a scan at a time: each number of `later` on its way from its value before.
 *
 * @param share 0 at the start of the scan, 1 at its end
 * @throws InputError "simulate-later" where `later` is not of the form of the sample
 */
export function sampleAt(config: SimulateConfig, share: number): SimulateConfig {
  const { later, ...now } = config;
  if (!later) return config;
  const other = Object.keys(later).find((key) => !MAY_CHANGE.includes(key));
  if (other !== undefined) {
    throw new InputError(
      "simulate-later",
      `later.${other}: only ${MAY_CHANGE.join(", ")} may change while the sample is scanned. Remove it.`,
    );
  }
  return SimulateConfig.parse(between(now, later, share, "later"));
}

/** What is left out of `later` stays. @throws InputError "simulate-later" */
function between(now: unknown, later: unknown, share: number, name: string): unknown {
  if (later === undefined) return now;
  if (typeof now === "number" && typeof later === "number") return (1 - share) * now + share * later;
  if (Array.isArray(now) && Array.isArray(later) && now.length === later.length)
    return now.map((part, i) => between(part, later[i], share, `${name}[${i}]`));
  if (isRecord(now) && isRecord(later)) {
    const parts = Object.entries(later).map(([key, part]) => [key, between(now[key], part, share, `${name}.${key}`)]);
    return { ...now, ...Object.fromEntries(parts) };
  }
  if (now === later) return now;
  throw new InputError(
    "simulate-later",
    `${name} is ${JSON.stringify(later)} where the sample has ${JSON.stringify(now) ?? "nothing"}: numbers alone may change, and lists must be as long as they were. Write it as the sample does.`,
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
