/** What every page is told by its address. */

export const query = new URLSearchParams(location.search);

/** Base address of the server: the page's own, or that of `?server=`. */
export const SERVER = new URL(query.get("server") ?? "/", location.href).href;

/** `?worker=1` runs the whole client in a worker. */
export const IN_WORKER = query.get("worker") === "1";
