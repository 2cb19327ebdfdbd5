import { createJournal } from "../journal";
import { mount } from "../mount";
import { App } from "./app";
import { createPlaylistsClient } from "./client";
import "./playlists.css";

const journal = createJournal();
mount(createPlaylistsClient(journal), <App journal={journal} />);
