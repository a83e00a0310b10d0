import { Component, type ReactNode } from "react";

/** A page that fails says so and leaves the others alone. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <main className="page">
        <div className="message" role="alert" data-code="bug">
          This page failed, which is a bug in xrdct: {error.message}
        </div>
        <button type="button" onClick={() => this.setState({ error: undefined })}>
          try again
        </button>
      </main>
    );
  }
}
