/** Masks of the slice: put together on the image, saved beside the result, used for statistics and patterns. */
import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { MaskInfo, MaskSave, ResultInfo } from "../../server/wire.ts";
import { ApiError, ask, askArrays, useJson } from "../core/api.ts";
import { imageData } from "../parts/data-files.ts";
import { mapSvg } from "../parts/figures.ts";
import { Message } from "../parts/message.tsx";
import { TakeAway } from "../parts/take-away.tsx";
import { PatternToggle } from "./histogram-view.tsx";
import type { JoinedMask } from "./mask-marked.ts";
import { countOf, type MaskPiece, piecesOf, pieceText, shapesToSave } from "./mask-pieces.ts";
import { MaskStatistics } from "./mask-statistics.tsx";
import "./mask.css";
import type { ShownImage } from "./shown-image.ts";
import type { ChangeOne, Frame, OneState } from "./view-state.ts";

export interface MaskViewProps {
  readonly info: ResultInfo;
  readonly state: OneState;
  readonly change: ChangeOne;
  readonly image: ShownImage | undefined;
  readonly joined: JoinedMask;
  readonly frame: Frame;
}

export function MaskView({ info, state, change, image, joined, frame }: MaskViewProps) {
  const { pieces, regions } = state;
  const { mask, error } = joined;
  const voxels = useMemo(() => (mask ? countOf(mask) : undefined), [mask]);
  const takeRegions = (): void =>
    change({ pieces: [...pieces, ...regions.map(({ shape }) => ({ kind: "shape" as const, shape }))] });
  const isEmpty = pieces.length === 0;
  return frame({
    tools: mask && image && !isEmpty && <MaskTakeAway {...{ info, mask, image }} />,
    children: (
      <div className="mask-view">
        {isEmpty && (
          <p className="dim">
            Draw a rectangle, an ellipse or a polygon on the image while this tab is open, or take a range of values
            from the tab histogram.
          </p>
        )}
        {regions.length > 0 && (
          <button type="button" onClick={takeRegions}>
            take the {regions.length === 1 ? "region" : `${regions.length} regions`}
          </button>
        )}
        <Pieces info={info} pieces={pieces} onPieces={(next) => change({ pieces: next })} />
        {error && <Message error={error} />}
        {!isEmpty && (
          <p className="mask-line">
            <b data-read="mask-voxels" data-value={voxels}>
              {voxels ?? "…"} voxels
            </b>
            {mask && <span className="dim">of {mask.length}</span>}
            <PatternToggle state={state} change={change} />
            <button type="button" onClick={() => change({ pieces: [] })}>
              clear
            </button>
            {!!voxels && <SaveMask {...{ info, pieces, joined }} />}
          </p>
        )}
        <SavedMasks info={info} onLoad={(loaded) => change({ pieces: loaded })} />
        {mask && !isEmpty && <MaskStatistics info={info} mask={mask} />}
      </div>
    ),
  });
}

interface PiecesProps {
  readonly info: ResultInfo;
  readonly pieces: readonly MaskPiece[];
  readonly onPieces: (pieces: readonly MaskPiece[]) => void;
}

function Pieces({ info, pieces, onPieces }: PiecesProps) {
  const unitOf = (map: string): string => info.arrays.find(({ name }) => name === map)?.unit ?? "";
  return (
    <ol className="mask-pieces" aria-label="pieces of the mask">
      {pieces.map((piece, i) => (
        <li key={i} data-piece={piece.kind}>
          <button
            type="button"
            aria-pressed={piece.isHole === true}
            title="added to what comes before, or cut out of it"
            onClick={() => onPieces(pieces.with(i, { ...piece, isHole: piece.isHole ? undefined : true }))}
          >
            {piece.isHole ? "cut out" : "add"}
          </button>
          <span>{pieceText(piece, unitOf)}</span>
          <button
            type="button"
            aria-label={`remove piece ${i + 1}`}
            title="remove"
            onClick={() => onPieces(pieces.toSpliced(i, 1))}
          >
            ×
          </button>
        </li>
      ))}
    </ol>
  );
}

/** Masks in the cache that may have changed on the disk. */
function useForget(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await client.invalidateQueries({ queryKey: ["masks"] });
    await client.invalidateQueries({ queryKey: ["mask"] });
  };
}

function SaveMask({ info, pieces, joined }: Pick<MaskViewProps, "info" | "joined"> & { pieces: readonly MaskPiece[] }) {
  const [name, setName] = useState("");
  const [error, setError] = useState<Error>();
  const [saved, setSaved] = useState<MaskInfo>();
  const forget = useForget();
  const save = async (overwrite: boolean): Promise<void> => {
    setError(undefined);
    const body: MaskSave = { file: info.file, name, shapes: shapesToSave(pieces, joined.parts!), overwrite };
    try {
      setSaved(await ask<MaskInfo>("masks", {}, { method: "PUT", body }));
      await forget();
    } catch (thrown) {
      setError(thrown as Error);
    }
  };
  const isThere = error instanceof ApiError && error.code === "mask-exists";
  return (
    <form
      className="mask-save"
      onSubmit={(event) => {
        event.preventDefault();
        void save(false);
      }}
    >
      <input
        type="text"
        aria-label="name of the mask"
        placeholder="name"
        value={name}
        onChange={({ target }) => {
          setName(target.value);
          setSaved(undefined);
        }}
      />
      <button type="submit" disabled={name.trim() === ""}>
        save
      </button>
      {saved && <span className="dim">saved as {saved.path}</span>}
      {error && (
        <Message
          error={error}
          action={
            isThere && (
              <button type="button" onClick={() => void save(true)}>
                replace it
              </button>
            )
          }
        />
      )}
    </form>
  );
}

function SavedMasks({ info, onLoad }: { info: ResultInfo; onLoad: (pieces: MaskPiece[]) => void }) {
  const { file } = info;
  const { data: masks, error } = useJson<MaskInfo[]>("masks", { file });
  const [failed, setFailed] = useState<Error>();
  const [asked, setAsked] = useState<string>();
  const forget = useForget();
  const load = async (name: string): Promise<void> => {
    const { meta } = await askArrays<{ shapes: MaskSave["shapes"] }>("mask", { file, name });
    onLoad(piecesOf(name, meta.shapes));
  };
  const remove = async (name: string): Promise<void> => {
    setAsked(undefined);
    await ask("masks", { file, name }, { method: "DELETE" });
    await forget();
  };
  const shown = error ?? failed;
  return (
    <>
      {shown && <Message error={shown} />}
      {masks && masks.length > 0 && (
        <ul className="mask-saved" aria-label="saved masks">
          {masks.map(({ name, voxels, path }) => (
            <li key={name} data-mask={name}>
              <span title={path}>
                {name} <span className="dim">{voxels} voxels</span>
              </span>
              <button type="button" aria-label={`load ${name}`} onClick={() => void load(name).catch(setFailed)}>
                load
              </button>
              <button
                type="button"
                aria-label={asked === name ? `delete ${name} for good` : `delete ${name}`}
                onClick={() => (asked === name ? void remove(name).catch(setFailed) : setAsked(name))}
              >
                {asked === name ? "really delete?" : "delete"}
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function MaskTakeAway({ info, mask, image }: { info: ResultInfo; mask: Uint8Array; image: ShownImage }) {
  const { rows, cols } = image;
  const size = info.voxelMm === undefined ? {} : { voxelMm: info.voxelMm };
  const view = { rows, cols, values: mask, label: "1 inside the mask", limits: [0, 1] as const, ...size };
  return (
    <TakeAway
      name={`${info.file.replace(/\.\w+$/, "")}-mask`}
      svg={() => mapSvg({ ...view, title: `mask, ${countOf(mask)} voxels`, colourMap: "greys" })}
      data={imageData(view, { file: info.file, selection: `mask of ${countOf(mask)} voxels` })}
    />
  );
}
