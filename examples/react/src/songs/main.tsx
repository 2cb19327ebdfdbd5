import { createJournal } from "../journal";
import { mount } from "../mount";
import { App } from "./app";
import { clientAt, writeTo } from "./clients";
import { LikedSongsProvider } from "./context/LikedSongsProvider";
import { SERVER } from "./settings";
import "./songs.css";

const journal = createJournal();
writeTo(journal);
mount(
  clientAt(SERVER),
  <LikedSongsProvider>
    <App journal={journal} />
  </LikedSongsProvider>,
);
