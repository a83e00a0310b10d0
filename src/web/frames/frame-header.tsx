import { useState } from "react";
import type { FrameParts } from "./frames-page.tsx";

/** What the file says of itself. */
export function FrameHeader({ series, choice, view, change }: FrameParts) {
  const [dataset, setDataset] = useState(view.dataset);
  const lines: readonly (readonly [string, string])[] = [
    ["file", choice.file],
    ["shape", `${series.rows} rows x ${series.cols} columns`],
    ["numbers", series.type],
    ["frames", series.missing > 0 ? `${series.count}, of which ${series.missing} are missing` : String(series.count)],
    ["detector of this shape", series.detector ?? "none known"],
    ...Object.entries(series.header),
  ];
  return (
    <>
      {/\.(h5|hdf5?|nxs|nx5)$/i.test(choice.file) && (
        <form
          className="frames-row"
          onSubmit={(event) => {
            event.preventDefault();
            change({ dataset: dataset.trim(), frame: 0 });
          }}
        >
          <label>
            dataset inside the file{" "}
            <input
              type="text"
              size={26}
              placeholder="found"
              value={dataset}
              onChange={({ target }) => setDataset(target.value)}
            />
          </label>
          <button type="submit">read</button>
        </form>
      )}
      <HeaderTable lines={lines} />
    </>
  );
}

function HeaderTable({ lines }: { lines: readonly (readonly [string, string])[] }) {
  return (
    <table className="frames-table" aria-label="header">
      <tbody>
        {lines.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
