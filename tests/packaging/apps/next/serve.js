/** `next start` as a program that says where it listens. */
import { createServer } from "node:http";
import next from "next";

const server = createServer();
const app = next({ dir: import.meta.dirname, httpServer: server, hostname: "127.0.0.1" });
await app.prepare();
const answer = app.getRequestHandler();
server.on("request", (request, response) => void answer(request, response));
server.listen(0, "127.0.0.1", () => console.log(`ready http://127.0.0.1:${server.address().port}`));
