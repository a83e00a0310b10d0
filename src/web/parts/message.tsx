import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";

/** What may be otherwise when it is asked again: the server or the file came back, or the file was replaced. */
const PASSING = new Set(["server-gone", "path-not-found", "result-name-unknown"]);
const POLL_MS = 2000;

/** An error in the user's words, with its code, as the command line prints it. */
export function Message({ error, action }: { error: Error & { code?: string }; action?: ReactNode }) {
  return (
    <div className="message" role="alert" data-code={error.code ?? "bug"}>
      <span>{error.message}</span> {error.code && <code>[{error.code}]</code>} {action}
      {error.code && PASSING.has(error.code) && <AskAgain isGone={error.code === "server-gone"} />}
    </div>
  );
}

/** Everything that is shown is read anew; by itself as soon as a server that was gone answers again. */
function AskAgain({ isGone }: { isGone: boolean }) {
  const client = useQueryClient();
  useEffect(() => {
    if (!isGone) return;
    const timer = setInterval(() => {
      fetch("/api/session").then(
        () => void client.resetQueries(),
        () => undefined,
      );
    }, POLL_MS);
    return () => clearInterval(timer);
  }, [isGone, client]);
  return (
    <button type="button" onClick={() => void client.resetQueries()}>
      ask again
    </button>
  );
}

/** Never a spinner alone: what is being waited for. */
export function Busy({ what, share }: { what: string; share?: number }) {
  return (
    <div className="busy" role="status">
      {share === undefined ? <span className="busy-dot" /> : <progress max={1} value={share} />} {what}
    </div>
  );
}
