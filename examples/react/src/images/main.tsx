import { createJournal } from "../journal";
import { mount } from "../mount";
import { App } from "./app";
import { createImagesClient } from "./client";
import "./images.css";

const journal = createJournal();
mount(createImagesClient(journal), <App journal={journal} />);
