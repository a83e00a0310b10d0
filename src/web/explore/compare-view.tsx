/** Two maps side by side, and what lies between them. */
import { useMemo } from "react";
import type { ResultInfo } from "../../server/wire.ts";
import { useJson } from "../core/api.ts";
import { useView } from "../core/route.ts";
import { ColourControls, limitsOf } from "../parts/colour-controls.tsx";
import { Busy, Message } from "../parts/message.tsx";
import { CompareControls } from "./compare-controls.tsx";
import { CompareJoint } from "./compare-joint.tsx";
import { CompareDetail, CompareMaps } from "./compare-maps.tsx";
import { CompareNumbers } from "./compare-numbers.tsx";
import { defaultPair } from "./compare-pairs.ts";
import { differenceOf } from "./compare-statistics.ts";
import { COMPARE_DEFAULTS, type CompareSettings, type Comparison, usedOfBoth } from "./comparison.ts";
import "./compare.css";
import { useLinkedVoxel } from "./linked-voxel.ts";
import { type LoadedMap, mapsOf, useMap } from "./loaded-map.ts";

export function CompareView({ info }: { info: ResultInfo }) {
  const [settings, change] = useView<CompareSettings>(COMPARE_DEFAULTS);
  const { fileB } = settings;
  const { data: otherInfo, error: otherError } = useJson<ResultInfo>("result", { file: fileB }, { off: !fileB });
  const infoB = fileB ? otherInfo : info;
  const pair = useMemo(() => defaultPair(mapsOf(info)), [info]);
  const nameA = settings.a ?? pair?.[0];
  const nameB = settings.b ?? (fileB ? nameA : pair?.[1]);
  const a = useMap(info, nameA);
  const b = useMap(infoB, nameB);
  const error = otherError ?? a.error ?? b.error;
  const isThere = infoB === undefined || mapsOf(infoB).some(({ name }) => name === nameB);
  if (!pair) return <p>This result has no maps to compare: run it as far as the stage "map".</p>;
  return (
    <div className="compare">
      <CompareControls {...{ info, infoB, nameA, nameB, settings, change }} />
      {error && <Message error={error} />}
      {!isThere && (
        <p role="alert">
          {fileB} has no {nameB}. Choose another map of it above.
        </p>
      )}
      {!error &&
        isThere &&
        (a.map && b.map ? (
          <CompareLoaded first={a.map} second={b.map} {...{ info, settings, change }} />
        ) : (
          <Busy what={`reading ${nameA} and ${nameB}`} />
        ))}
    </div>
  );
}

interface LoadedProps {
  readonly info: ResultInfo;
  readonly first: LoadedMap;
  readonly second: LoadedMap;
  readonly settings: CompareSettings;
  readonly change: (part: Partial<CompareSettings>) => void;
}

function CompareLoaded({ info, first, second, settings, change }: LoadedProps) {
  const isSameSize = first.rows === second.rows && first.cols === second.cols;
  if (isSameSize) return <CompareSame {...{ info, first, second, settings, change }} />;
  return (
    <p role="alert">
      Maps are compared voxel by voxel: {first.name} has {first.rows} × {first.cols} voxels and {second.name}{" "}
      {second.rows} × {second.cols}. Choose two of the same size.
    </p>
  );
}

function CompareSame({ info, first, second, settings, change }: LoadedProps) {
  const { compareColours, isStrict, voxel } = settings;
  const difference = useMemo(() => differenceOf(first, second), [first, second]);
  const both = useMemo(() => usedOfBoth(first, second, difference.isUsed), [first, second, difference]);
  const limits = useMemo(() => limitsOf(both, compareColours), [both, compareColours]);
  const comparison = useMemo(
    (): Comparison => ({ info, first, second, difference, limits, colours: compareColours, isStrict }),
    [info, first, second, difference, limits, compareColours, isStrict],
  );
  const linked = useLinkedVoxel(voxel, first.rows, first.cols, change);
  const shared = { comparison, linked, settings, change };
  return (
    <>
      <div className="compare-controls">
        <ColourControls
          colours={compareColours}
          limits={limits}
          unit={first.info.unit}
          onChange={(next) => change({ compareColours: next })}
        />
        <button
          type="button"
          title="leave out voxels whose fit did not converge; differences are of converged voxels always"
          aria-pressed={isStrict}
          onClick={() => change({ isStrict: !isStrict })}
        >
          converged
        </button>
      </div>
      <div className="compare-grid">
        <CompareMaps {...shared} />
        <CompareDetail {...shared} />
        <CompareJoint comparison={comparison} at={linked.at} />
        <CompareNumbers comparison={comparison} at={linked.at} isPicked={linked.isPicked} />
      </div>
    </>
  );
}
