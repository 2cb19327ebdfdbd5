/** What `size-limit` measures: what one page downloads, in brotli, by protocol. The budgets are in scripts/lib/size.mjs. */
import { pages } from "./scripts/lib/size.mjs";

const all = await pages();

export default all
  .filter(({ budget }) => budget)
  .map(({ name, files, budget }) => ({ name, path: files, limit: budget, brotli: true }));
