/** `vite preview`, which for SvelteKit renders on the server, as a program that says where it listens. */
import { preview } from "vite";

process.chdir(import.meta.dirname);
const server = await preview({ preview: { host: "127.0.0.1" } });
console.log(`ready ${server.resolvedUrls.local[0].slice(0, -1)}`);
