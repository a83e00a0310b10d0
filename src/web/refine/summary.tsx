/** How the fit ended, in one line. */
import type { RefineReply } from "../../server/wire-refine.ts";

const shown = (value: number | null | undefined, digits: number, factor = 1): string =>
  value == null || !Number.isFinite(value) ? "–" : (factor * value).toFixed(digits);

export function Summary({ reply, former }: { reply: RefineReply; former: RefineReply | undefined }) {
  const { statistics: now, status, reason, weights, milliseconds } = reply;
  const map = (name: string): number | undefined => reply.inMap?.find((one) => one.name === name)?.value ?? undefined;
  const before = former
    ? { words: "before", rwp: former.statistics.rwp, gof: former.statistics.gof }
    : {
        words: weights === "sigma" ? "in the map (weights of the slice)" : "in the map",
        rwp: map("rwp"),
        gof: map("gof"),
      };
  const isUniform = weights === "uniform";
  return (
    <dl className="refine-summary" data-status={status}>
      <Item name="status" label="status" text={`${STATUS[status] ?? status}${reason ? ` (${reason})` : ""}`} />
      <Item name="rwp" label="Rwp" value={now.rwp} text={`${shown(now.rwp, 2, 100)} %`} />
      {!isUniform && <Item name="rexp" label="Rexp" value={now.rexp} text={`${shown(now.rexp, 2, 100)} %`} />}
      {!isUniform && <Item name="gof" label="GoF" value={now.gof} text={shown(now.gof, 3)} />}
      {before.rwp !== undefined && (
        <Item
          name="rwp-before"
          label={`Rwp ${before.words}`}
          value={before.rwp}
          text={`${shown(before.rwp, 2, 100)} %`}
        />
      )}
      {before.gof !== undefined && !isUniform && (
        <Item name="gof-before" label={`GoF ${before.words}`} value={before.gof} text={shown(before.gof, 3)} />
      )}
      <Item name="points" label="points" value={now.points} text={`${now.points}, ${now.parameters ?? "–"} refined`} />
      <Item name="weights" label="weights" text={WEIGHTS[weights] ?? weights} />
      <Item name="time" label="fit" value={milliseconds} text={`${milliseconds.toFixed(0)} ms`} />
    </dl>
  );
}

/** Rwp of one kind of weights says nothing about Rwp of another. */
const WEIGHTS: Readonly<Record<string, string>> = {
  slice: "of the slice, as in the map",
  sigma: "of this pattern's sigma",
};

const STATUS: Readonly<Record<string, string>> = {
  notFitted: "left out by the map",
  notConverged: "not converged",
  noSignal: "no signal",
};

function Item({ name, label, text, value }: { name: string; label: string; text: string; value?: number | null }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd data-number={name} {...(value !== undefined && { "data-value": value ?? "NaN" })}>
        {text}
      </dd>
    </div>
  );
}
