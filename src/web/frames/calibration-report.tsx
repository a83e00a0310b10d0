/** What a calibration came to: the parameters with their esd, each ring, and the residuals of the points. */
import { useMemo, useState } from "react";
import type { CalibrationResult } from "../../stages/calibrate/index.ts";
import { columnsData } from "../parts/data-files.ts";
import { patternSvg } from "../parts/figures.ts";
import { PatternPlot, type PatternPlotProps } from "../parts/pattern-plot.tsx";
import { TakeAway } from "../parts/take-away.tsx";

export function CalibrationReport({ result, from }: { result: CalibrationResult; from: string }) {
  return (
    <div data-panel="calibration" data-status={result.status}>
      <Parameters result={result} from={from} />
      {result.messages.map((message) => (
        <p key={message} className="frames-note">
          {message}
        </p>
      ))}
      <Residuals result={result} />
      <RingTable result={result} />
    </div>
  );
}

const STATUS: Record<CalibrationResult["status"], string> = {
  converged: "converged",
  undetermined: "undetermined: the rings do not tell some parameters apart",
  notConverged: "not converged: the best that was met",
};

function Parameters({ result, from }: { result: CalibrationResult; from: string }) {
  const { poni, esd, energyKeV, beamCentrePx, tiltDeg, scatterPx, orientation, status } = result;
  const rows: readonly (readonly [name: string, value: number, unit: string, digits: number, esd?: number])[] = [
    ["distance", poni.dist * 1e3, "mm", 3, scaled(esd.dist)],
    ["energy", energyKeV, "keV", 4, esd.energyKeV],
    ["PONI 1 (rows)", poni.poni1 * 1e3, "mm", 4, scaled(esd.poni1)],
    ["PONI 2 (columns)", poni.poni2 * 1e3, "mm", 4, scaled(esd.poni2)],
    ["rotation 1", poni.rot1 * 1e3, "mrad", 3, scaled(esd.rot1)],
    ["rotation 2", poni.rot2 * 1e3, "mrad", 3, scaled(esd.rot2)],
    ["tilt", tiltDeg, "°", 3],
    ["beam centre, row", beamCentrePx.row, "pixels", 2],
    ["beam centre, column", beamCentrePx.col, "pixels", 2],
    ["scatter of the points", scatterPx, "pixels", 3],
  ];
  return (
    <table className="frames-table" aria-label="calibration">
      <caption>
        {from}: {STATUS[status]}
      </caption>
      <tbody>
        {rows.map(([name, value, unit, digits, own]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td className="number" data-parameter={name} data-value={value}>
              {value.toFixed(digits)}
            </td>
            <td className="number dim" data-esd={own}>
              {own === undefined ? "" : `± ${own.toFixed(digits)}`}
            </td>
            <td>{unit}</td>
          </tr>
        ))}
        <tr>
          <th scope="row">orientation</th>
          <td colSpan={3} className="frames-words">
            {orientation.message}
          </td>
        </tr>
      </tbody>
    </table>
  );
}

const scaled = (value: number | undefined): number | undefined => (value === undefined ? undefined : value * 1e3);

function Residuals({ result: { points, rings } }: { result: CalibrationResult }) {
  const [against, setAgainst] = useState<"two-theta" | "chi">("two-theta");
  const plot: PatternPlotProps = useMemo(() => {
    const ppm = points.map(({ residualDeg, ring }) => (1e6 * residualDeg) / rings[ring]!.twoThetaDeg);
    const of = (isUsed: boolean) => ppm.map((value, i) => (points[i]!.used === isUsed ? value : Number.NaN));
    const x = points.map(({ ring, chiDeg }) => (against === "chi" ? chiDeg : rings[ring]!.twoThetaDeg));
    const [lo, hi] = [Math.min(...x), Math.max(...x)];
    const margin = (hi - lo) * 0.03 || 0.5;
    return {
      name: "residuals",
      x,
      xLimits: [lo - margin, hi + margin],
      xLabel: against === "chi" ? "χ (°)" : "2θ (°)",
      yLabel: "residual (ppm)",
      curves: [
        { name: "used", values: of(true), style: "points" },
        { name: "left out", values: of(false), style: "points", colour: "#999999" },
      ],
    };
  }, [points, rings, against]);
  return (
    <section className="frames-residuals" aria-label="residuals">
      <div className="frames-row">
        (observed − calculated) / 2θ of each point, against{" "}
        <select
          aria-label="residuals against"
          value={against}
          onChange={({ target }) => setAgainst(target.value as typeof against)}
        >
          <option value="two-theta">2θ</option>
          <option value="chi">χ</option>
        </select>
        <TakeAway
          name="calibration-residuals"
          svg={() => patternSvg({ title: "residuals of the calibration", ...plot })}
          data={columnsData(
            [
              { name: "two-theta", unit: "deg", values: points.map(({ ring }) => rings[ring]!.twoThetaDeg) },
              { name: "chi", unit: "deg", values: points.map(({ chiDeg }) => chiDeg) },
              { name: "observed - calculated", unit: "deg", values: points.map(({ residualDeg }) => residualDeg) },
              { name: "esd", unit: "deg", values: points.map(({ esdDeg }) => esdDeg) },
              { name: "used", values: points.map(({ used }) => (used ? 1 : 0)) },
            ],
            { file: "calibration" },
          )}
        />
      </div>
      <PatternPlot {...plot} />
    </section>
  );
}

/** NaN comes as null over the wire. */
const whole = (value: number | null): string => (value === null || !Number.isFinite(value) ? "none" : value.toFixed(0));

function RingTable({ result: { rings } }: { result: CalibrationResult }) {
  return (
    <table className="frames-table" aria-label="rings">
      <thead>
        <tr>
          <th>d (Å)</th>
          <th className="number">2θ (°)</th>
          <th className="number">residual (ppm)</th>
          <th className="number">scatter (ppm)</th>
          <th className="number">points</th>
          <th />
        </tr>
      </thead>
      <tbody>
        {rings.map(({ dA, twoThetaDeg, meanPpm, rmsPpm, points, used, reason }) => (
          <tr key={dA} data-ring={dA} className={used ? undefined : "dim"}>
            <td className="number">{dA.toFixed(4)}</td>
            <td className="number">{twoThetaDeg.toFixed(4)}</td>
            <td className="number" data-value={meanPpm}>
              {whole(meanPpm)}
            </td>
            <td className="number">{whole(rmsPpm)}</td>
            <td className="number">{points}</td>
            <td>{used ? "used" : `left out: ${reason}`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
