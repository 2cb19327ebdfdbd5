import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createJournal, followClient, loggerOf } from "../journal";
import { mount } from "../mount";
import { App } from "./app";
import { logTo, serverPool } from "./connections/pools";
import { Remote } from "./remote";
import { IS_REMOTE } from "./settings";
import "./karaoke.css";

const journal = createJournal();
logTo(loggerOf(journal));
const { client } = serverPool();
followClient(client, journal);
if (IS_REMOTE) document.title = "jobwire remote";
mount(
  client,
  <QueryClientProvider client={new QueryClient()}>
    {IS_REMOTE ? <Remote /> : <App journal={journal} />}
  </QueryClientProvider>,
);
