import { App } from "./app";
import { createDemoClient } from "./client";
import { createJournal } from "./journal";
import { mount } from "./mount";
import { restoreItems } from "./restore";
import { readControl } from "./server";

const [control, items] = await Promise.all([readControl(), restoreItems()]);
const journal = createJournal();
mount(
  createDemoClient(journal, control?.heartbeatMs),
  <App control={control} journal={journal} restored={items} />,
);
