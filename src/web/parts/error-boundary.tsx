import { Component, type ReactNode } from "react";
import { go, parseRoute } from "../core/route.ts";

/** A page that fails says so and leaves the others alone. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  /** The view in the address may be what the page cannot show: a link of another version, or one that was edited. */
  private startOver(): void {
    const { page, file } = parseRoute(window.location.hash);
    go(page, file);
    this.setState({ error: undefined });
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <main className="page">
        <div className="message" role="alert" data-code="bug">
          This page failed, which is a bug in xrdct: {error.message}
        </div>
        <p>
          <button type="button" onClick={() => this.setState({ error: undefined })}>
            try again
          </button>{" "}
          <button type="button" title="without what the address says of the view" onClick={() => this.startOver()}>
            start the page over
          </button>
        </p>
      </main>
    );
  }
}
