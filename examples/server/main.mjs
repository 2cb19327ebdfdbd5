/** Command line of the embedded server: `node main.mjs [--port N] [--host ADDRESS] [--static FOLDER]`. */
import { serve } from "../backends/launcher/serve.mjs";
import { readConfig } from "./config.mjs";
import { startServer } from "./server.mjs";

await serve(() => startServer(readConfig(process.env, process.argv.slice(2))));
