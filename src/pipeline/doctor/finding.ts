/** What `xrdct doctor` says about one thing. */
export interface Finding {
  readonly name: string;
  readonly value: string;
  /** good; slow: it works, not as fast or as large as it might; bad: runs will fail, or results cannot be trusted */
  readonly state: "good" | "slow" | "bad";
  /** what to do, where it is not good */
  readonly advice?: string;
}

export const good = (name: string, value: string): Finding => ({ name, value, state: "good" });

/** Good where `isGood`, else as bad as said, with what to do. */
export const judge = (name: string, value: string, isGood: boolean, state: "slow" | "bad", advice: string): Finding =>
  isGood ? good(name, value) : { name, value, state, advice };

export const gigabytes = (bytes: number): string =>
  bytes >= 1e12 ? `${(bytes / 1e12).toFixed(1)} TB` : `${(bytes / 1e9).toFixed(1)} GB`;
