import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { JobsProvider } from "jobwire/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createJournal, followClient } from "../journal";
import { App } from "./app";
import { logTo, serverPool } from "./connections/pools";
import { Remote } from "./remote";
import { IS_REMOTE } from "./settings";
import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/layout.css";
import "../styles/controls.css";
import "../styles/card.css";
import "../styles/panels.css";
import "./karaoke.css";

function start(root: HTMLElement): void {
  const journal = createJournal();
  logTo(({ level, code, message }) => journal.add("client", `${code}: ${message}`, level));
  const { client } = serverPool();
  followClient(client, journal);
  if (IS_REMOTE) document.title = "jobwire remote";
  createRoot(root).render(
    <StrictMode>
      <JobsProvider client={client}>
        <QueryClientProvider client={new QueryClient()}>
          {IS_REMOTE ? <Remote /> : <App journal={journal} />}
        </QueryClientProvider>
      </JobsProvider>
    </StrictMode>,
  );
}

const root = document.getElementById("root");
if (root) start(root);
