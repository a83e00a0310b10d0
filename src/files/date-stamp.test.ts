import { describe, expect, it } from "vitest";
import { parseStamp, stampSeconds } from "./date-stamp.ts";

describe("parseStamp", () => {
  it.each([
    ["2022-05-18 16:27:52", "2022-05-18T16:27:52"],
    ["08/23/2021 6:04:18 PM", "2021-08-23T18:04:18"],
    ["8/23/2021 12:04:18 AM", "2021-08-23T00:04:18"],
    ["23/08/2021 18:04", "2021-08-23T18:04:00"],
    ["10-26-20 12:49:58.500", "2020-10-26T12:49:58.500"],
    ["5.8.2021 18:04:01", "2021-08-05T18:04:01"],
    // 45131.5 days after 1899-12-30 noon: Excel's 24 July 2023
    ["45131.5", "2023-07-24T12:00:00"],
  ])("%s", (text, iso) => expect(parseStamp(text)?.iso).toBe(iso));

  it("says where month and day could be exchanged, and only there", () => {
    expect(parseStamp("3/10/2019")).toMatchObject({
      iso: "2019-03-10T00:00:00",
      note: expect.stringContaining("month, day"),
    });
    expect(parseStamp("3/10/2019", true)).toMatchObject({
      iso: "2019-10-03T00:00:00",
      note: expect.stringContaining("day, month"),
    });
    expect(parseStamp("3/3/2019")?.note).toBeUndefined();
    expect(parseStamp("3/13/2019")?.note).toBeUndefined();
  });

  it.each(["", "today", "12:00:00", "1/2", "3.14", "99/99/2020", "Rest"])("%s is no date", (text) =>
    expect(parseStamp(text)).toBeUndefined(),
  );

  it("counts seconds on one clock", () => {
    expect(stampSeconds("2021-08-23T18:04:18") - stampSeconds("2021-08-22T18:04:18")).toBe(86400);
  });
});
