import type { FrameParts } from "./frames-page.tsx";

/** What the file says of itself. */
export function FrameHeader({ series, choice }: FrameParts) {
  const lines: readonly (readonly [string, string])[] = [
    ["file", choice.file],
    ["shape", `${series.rows} rows x ${series.cols} columns`],
    ["numbers", series.type],
    ["frames", series.missing > 0 ? `${series.count}, of which ${series.missing} are missing` : String(series.count)],
    ["detector of this shape", series.detector ?? "none known"],
    ...Object.entries(series.header),
  ];
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
