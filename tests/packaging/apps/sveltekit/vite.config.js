import { sveltekit } from "@sveltejs/kit/vite";

/** All that SvelteKit itself asks for. */
export default { plugins: [sveltekit()] };
