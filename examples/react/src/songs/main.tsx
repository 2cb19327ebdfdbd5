import { JobsProvider } from "jobwire/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createJournal } from "../journal";
import { App } from "./app";
import { clientAt, writeTo } from "./clients";
import { LikedSongsProvider } from "./context/LikedSongsProvider";
import { SERVER } from "./settings";
import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/layout.css";
import "../styles/controls.css";
import "../styles/card.css";
import "../styles/panels.css";
import "./songs.css";

function start(root: HTMLElement): void {
  const journal = createJournal();
  writeTo(journal);
  createRoot(root).render(
    <StrictMode>
      <JobsProvider client={clientAt(SERVER)}>
        <LikedSongsProvider>
          <App journal={journal} />
        </LikedSongsProvider>
      </JobsProvider>
    </StrictMode>,
  );
}

const root = document.getElementById("root");
if (root) start(root);
