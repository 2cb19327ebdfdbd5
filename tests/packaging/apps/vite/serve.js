/** `vite` as a program that says where it listens: Vite's own choice of port, nothing else set. */
import { createServer } from "vite";

const server = await createServer({ root: import.meta.dirname, server: { host: "127.0.0.1" } });
await server.listen();
console.log(`ready ${server.resolvedUrls.local[0].slice(0, -1)}`);
