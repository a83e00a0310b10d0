import type { ReactNode } from "react";

/** An error in the user's words, with its code, as the command line prints it. */
export function Message({ error, action }: { error: Error & { code?: string }; action?: ReactNode }) {
  return (
    <div className="message" role="alert" data-code={error.code ?? "bug"}>
      <span>{error.message}</span> {error.code && <code>[{error.code}]</code>} {action}
    </div>
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
