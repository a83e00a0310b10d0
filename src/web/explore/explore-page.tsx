/** The page "explore": one scan in linked views, two maps compared, or three as red, green and blue. */
import type { ResultInfo } from "../../server/wire.ts";
import { useJson } from "../core/api.ts";
import { useView } from "../core/route.ts";
import { Busy, Message } from "../parts/message.tsx";
import { Tabs } from "../parts/tabs.tsx";
import { CompareView } from "./compare-view.tsx";
import "./explore.css";
import { OneView } from "./one-view.tsx";
import { RgbView } from "./rgb-view.tsx";

const MODES = [
  { value: "one", label: "one map", hint: "a map, its patterns and its sinogram" },
  { value: "compare", label: "compare", hint: "two maps side by side, their difference" },
  { value: "rgb", label: "red, green, blue", hint: "two or three maps in one image" },
] as const;
const DEFAULTS: { mode: (typeof MODES)[number]["value"] } = { mode: "one" };

export default function ExplorePage({ file }: { file: string | undefined }) {
  const [view, change] = useView(DEFAULTS);
  const mode = MODES.find(({ value }) => value === view.mode)?.value ?? DEFAULTS.mode;
  const { data: info, error } = useJson<ResultInfo>("result", { file }, { off: !file });
  if (!file) return <main className="page">Choose a result on the page "Files".</main>;
  if (error) return <Message error={error} />;
  if (!info) return <Busy what={`reading what is in ${file}`} />;
  return (
    <main className="page explore">
      <div className="explore-modes">
        <Tabs label="mode" tabs={MODES} shown={mode} onShow={(to) => change({ mode: to })} />
        <span className="dim explore-title">{info.title}</span>
      </div>
      {mode === "one" && <OneView info={info} />}
      {mode === "compare" && <CompareView info={info} />}
      {mode === "rgb" && <RgbView info={info} />}
    </main>
  );
}
