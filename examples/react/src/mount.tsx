import type { JobsClient } from "jobwire";
import { JobsProvider } from "jobwire/react";
import { StrictMode } from "react";
import type { ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { ErrorBoundary } from "./components/ErrorBoundary";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/controls.css";
import "./styles/card.css";
import "./styles/panels.css";

/** Shows a page in the styles that all pages share; its hooks use the client. */
export function mount(client: JobsClient, page: ReactNode): void {
  const root = document.getElementById("root");
  if (!root) return;
  createRoot(root).render(
    <StrictMode>
      <ErrorBoundary>
        <JobsProvider client={client}>{page}</JobsProvider>
      </ErrorBoundary>
    </StrictMode>,
  );
}
