/** The frame around the pages: where one is, the theme, the keyboard. */
import { lazy, Suspense, useMemo, useState } from "react";
import { activeKeys, useKeys } from "./core/keys.ts";
import { go, type Page, useRoute } from "./core/route.ts";
import { useTheme } from "./core/theme.ts";
import { ErrorBoundary } from "./parts/error-boundary.tsx";
import { Busy } from "./parts/message.tsx";
import { StartPage } from "./start/start-page.tsx";

const VIEWS = {
  explore: lazy(() => import("./explore/explore-page.tsx")),
  refine: lazy(() => import("./refine/refine-page.tsx")),
  run: lazy(() => import("./run/run-page.tsx")),
  frames: lazy(() => import("./frames/frames-page.tsx")),
  compose: lazy(() => import("./compose/compose-page.tsx")),
  study: lazy(() => import("./study/study-page.tsx")),
  live: lazy(() => import("./live/live-page.tsx")),
} as const satisfies Record<Exclude<Page, "start">, unknown>;

const TABS: readonly {
  readonly page: Page;
  readonly label: string;
  readonly of: "result" | "any";
  readonly hint: string;
}[] = [
  { page: "start", label: "Files", of: "any", hint: "results, scans and frames in this folder" },
  { page: "explore", label: "Explore", of: "result", hint: "maps, patterns and sinograms, linked" },
  { page: "refine", label: "Refine", of: "result", hint: "a voxel or the mean pattern against its model" },
  { page: "compose", label: "Compose", of: "result", hint: "a figure of several maps" },
  { page: "run", label: "Run", of: "any", hint: "scan.yaml, checks, stages, results as they arrive" },
  { page: "frames", label: "Frames", of: "any", hint: "detector images, calibration" },
  { page: "study", label: "Study", of: "any", hint: "several cells: side by side, lithium, figures" },
  { page: "live", label: "Live", of: "any", hint: "a scan while it is measured" },
];

const OF_RESULT: readonly Page[] = TABS.filter(({ of }) => of === "result").map(({ page }) => page);

export function App() {
  const { page, file } = useRoute();
  const [theme, setTheme] = useTheme();
  const [isHelp, setHelp] = useState(false);
  const [lastResult, setLastResult] = useState<string>();
  if (file && OF_RESULT.includes(page) && file !== lastResult) setLastResult(file);
  const result = OF_RESULT.includes(page) ? file : lastResult;
  const isDark = theme === "dark";
  useKeys(
    useMemo(
      () => [
        { keys: ["?"], label: "what the keys do", act: () => setHelp((shown) => !shown) },
        { keys: ["Escape"], label: "close", act: () => setHelp(false) },
        { keys: ["t"], label: "dark or light", act: () => setTheme(isDark ? "light" : "dark") },
        ...TABS.map(({ page: to, label, of }, i) => ({
          keys: [String(i + 1)],
          label,
          act: () => (of === "any" || result) && go(to, of === "result" ? result : undefined),
        })),
      ],
      [result, isDark, setTheme],
    ),
  );
  const View = page === "start" ? undefined : VIEWS[page];
  return (
    <div className="app">
      <header className="bar">
        <a className="brand" href="#/start">
          xrdct
        </a>
        <nav aria-label="pages">
          {TABS.map(({ page: to, label, of, hint }) => (
            <button
              type="button"
              key={to}
              title={of === "result" && !result ? "open a result first" : hint}
              aria-current={page === to ? "page" : undefined}
              disabled={of === "result" && !result}
              onClick={() => go(to, of === "result" ? result : undefined)}
            >
              {label}
            </button>
          ))}
        </nav>
        <span className="bar-file" title={file}>
          {file}
        </span>
        <button type="button" title="keys (?)" onClick={() => setHelp(!isHelp)}>
          keys
        </button>
        <button type="button" title="dark or light (t)" onClick={() => setTheme(isDark ? "light" : "dark")}>
          {isDark ? "light" : "dark"}
        </button>
      </header>
      <ErrorBoundary key={`${page} ${file}`}>
        <Suspense fallback={<Busy what={`opening ${page}`} />}>{View ? <View file={file} /> : <StartPage />}</Suspense>
      </ErrorBoundary>
      {isHelp && <KeyHelp onClose={() => setHelp(false)} />}
    </div>
  );
}

const ARROWS: Readonly<Record<string, string>> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
};
/** "Shift+ArrowLeft" as it is printed on the keys: "Shift ←" */
const keyText = (key: string): string =>
  key
    .split("+")
    .map((part) => ARROWS[part] ?? part)
    .join(" ");

function KeyHelp({ onClose }: { onClose: () => void }) {
  return (
    <dialog open className="help" aria-label="keys">
      <h2>Keys</h2>
      <dl>
        {activeKeys().map(({ keys, label }) => (
          <div key={`${keys.join()} ${label}`}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{keyText(key)}</kbd>
              ))}
            </dt>
            <dd>{label}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={onClose}>
        close
      </button>
    </dialog>
  );
}
