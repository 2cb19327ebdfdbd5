import { JobsProvider } from "jobwire/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createJournal } from "../journal";
import { App } from "./app";
import { createPlaylistsClient } from "./client";
import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/layout.css";
import "../styles/controls.css";
import "../styles/card.css";
import "../styles/panels.css";
import "./playlists.css";

function start(root: HTMLElement): void {
  const journal = createJournal();
  const client = createPlaylistsClient(journal);
  createRoot(root).render(
    <StrictMode>
      <JobsProvider client={client}>
        <App journal={journal} />
      </JobsProvider>
    </StrictMode>,
  );
}

const root = document.getElementById("root");
if (root) start(root);
