/** The figures that a study drew, and its tables, for reading and for saving. */
import type { StudyInfo } from "../../server/wire.ts";
import { urlOf } from "../core/api.ts";
import { useView } from "../core/route.ts";
import { Panel } from "../parts/panel.tsx";

const DEFAULTS: { figure: string } = { figure: "" };

export function StudyFiles({ file, study }: { file: string; study: StudyInfo | undefined }) {
  const [{ figure }, change] = useView(DEFAULTS);
  const names = [...new Set((study?.figures ?? []).map((name) => name.replace(/\.\w+$/, "")))];
  const part = (path: string): string => urlOf("study/part", { file, part: path });
  if (!study || names.length + study.tables.length === 0)
    return <p className="study-help">There are no figures and tables beside {file}.</p>;
  const shown = names.includes(figure) ? figure : names[0];
  return (
    <div className="study-files">
      <Panel name="study-figures" title="Figures">
        <ul className="study-list">
          {names.map((name) => (
            <li key={name}>
              <button type="button" aria-pressed={name === shown} onClick={() => change({ figure: name })}>
                {name}
              </button>{" "}
              {study.figures
                .filter((one) => one.replace(/\.\w+$/, "") === name)
                .map((one) => (
                  <a key={one} href={part(`figures/${one}`)} download={one}>
                    {one.split(".").at(-1)!.toUpperCase()}{" "}
                  </a>
                ))}
            </li>
          ))}
        </ul>
        <h3>Tables</h3>
        <ul className="study-list">
          {study.tables.map((path) => (
            <li key={path}>
              <a href={part(path)} download={path.split("/").at(-1)}>
                {path}
              </a>
            </li>
          ))}
        </ul>
      </Panel>
      <Panel name="study-figure" title={shown ?? "no figures"}>
        {shown && (
          <img
            className="study-figure"
            data-figure={shown}
            alt={shown}
            src={part(`figures/${pictureOf(study, shown)}`)}
          />
        )}
      </Panel>
    </div>
  );
}

/** SVG is sharp at any size. */
const pictureOf = ({ figures }: StudyInfo, name: string): string =>
  ["svg", "png", "gif"].map((ending) => `${name}.${ending}`).find((one) => figures.includes(one)) ?? "";
