import { JobsProvider } from "jobwire/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { createDemoClient } from "./client";
import { createJournal } from "./journal";
import { restoreItems } from "./restore";
import { readControl } from "./server";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/controls.css";
import "./styles/card.css";
import "./styles/panels.css";

async function start(root: HTMLElement): Promise<void> {
  const [control, items] = await Promise.all([readControl(), restoreItems()]);
  const journal = createJournal();
  const client = createDemoClient(journal, control?.heartbeatMs);
  createRoot(root).render(
    <StrictMode>
      <JobsProvider client={client}>
        <App control={control} journal={journal} restored={items} />
      </JobsProvider>
    </StrictMode>,
  );
}

const root = document.getElementById("root");
if (root) void start(root);
