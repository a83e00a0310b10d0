/** Runs: a scan's settings, checks before the start, the stages as they come. */
import { RunStart } from "./run-start.tsx";
import { ScanView } from "./scan-view.tsx";
import "./run.css";

export default function RunPage({ file }: { file: string | undefined }) {
  return file ? <ScanView path={file} /> : <RunStart />;
}
