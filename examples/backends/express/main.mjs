/** Command line of the back-end: `node main.mjs [--port N]`. */
import { serve } from "../launcher/serve.mjs";
import { readConfig } from "./config.mjs";
import { startServer } from "./server.mjs";

await serve(() => startServer(readConfig(process.env, process.argv.slice(2))));
