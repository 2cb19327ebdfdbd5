import { Component } from "react";
import type { ReactNode } from "react";
import { problemOf } from "../words";

interface ErrorBoundaryProps {
  children: ReactNode;
}

interface ErrorBoundaryState {
  problem: string | undefined;
}

/** In place of a page whose rendering failed: what went wrong, and a way to begin again. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, ErrorBoundaryState> {
  override state: ErrorBoundaryState = { problem: undefined };

  static getDerivedStateFromError(error: unknown): ErrorBoundaryState {
    return { problem: problemOf(error) };
  }

  override render() {
    const { problem } = this.state;
    if (problem === undefined) return this.props.children;
    return (
      <main className="page-failed" role="alert">
        <h1>This page has stopped</h1>
        <p className="card-problem">{problem}</p>
        <p>Jobs go on at the server. Reload the page to see them again.</p>
        <button type="button" className="button" data-kind="primary" onClick={() => location.reload()}>
          Reload
        </button>
      </main>
    );
  }
}
