/** The geometry from one frame of a standard, as `xrdct calibrate` finds it. */
import { useRef, useState } from "react";
import type { CalibrateRequest, Calibration } from "../../server/wire-frames.ts";
import { ask } from "../core/api.ts";
import { Busy, Message } from "../parts/message.tsx";
import { CalibrateForm, NO_VALUES, requestOf } from "./calibrate-form.tsx";
import { CalibrationReport } from "./calibration-report.tsx";
import type { FrameParts } from "./frames-page.tsx";
import { SavePoni } from "./save-poni.tsx";

export function CalibratePanel(parts: FrameParts) {
  const { choice, view, change } = parts;
  const [form, setForm] = useState(NO_VALUES);
  const [state, setState] = useState<{ busy?: boolean; error?: Error; found?: Calibration; asked?: string }>({});
  const running = useRef<AbortController>();
  const run = async (request: CalibrateRequest): Promise<void> => {
    running.current = new AbortController();
    setState({ busy: true });
    try {
      const { signal } = running.current;
      const found = await ask<Calibration>("frames/calibrate", {}, { body: request, signal });
      setState({ found, asked: `frame ${choice.frame} with ${request.calibrant}` });
      change({ geometry: found.result.poni, standard: request.calibrant });
    } catch (error) {
      setState((error as Error).name === "AbortError" ? {} : { error: error as Error });
    }
  };
  return (
    <div className="frames-calibrate">
      <CalibrateForm
        {...parts}
        form={form}
        onForm={(part) => setForm({ ...form, ...part })}
        onRun={() => run(requestOf(form, parts))}
        onTry={(poni) => change({ geometry: poni, standard: form.calibrant })}
        isBusy={state.busy ?? false}
      />
      {state.busy && (
        <div className="frames-row">
          <Busy what={`finding and fitting the rings of ${form.calibrant} in ${choice.file}`} />
          <button type="button" onClick={() => running.current?.abort()}>
            cancel
          </button>
        </div>
      )}
      {state.error && <Message error={state.error} />}
      {state.found && (
        <>
          <SavePoni
            found={state.found}
            from={choice.file}
            isShown={view.geometry !== null}
            onSaved={(path) => change({ poni: path, geometry: null })}
          />
          <CalibrationReport result={state.found.result} from={state.asked ?? ""} />
        </>
      )}
    </div>
  );
}
