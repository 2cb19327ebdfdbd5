/** Makes one client, and lets the test see what it costs the page: the wasm's memory, tasks that block, open sockets. */

/** Every memory that a wasm of this page has. */
const memories = new Set();
const { instantiate } = WebAssembly;
const keep = (instance) => {
  for (const part of Object.values(instance.exports)) {
    if (part instanceof WebAssembly.Memory) memories.add(part);
  }
};
WebAssembly.instantiate = async (...given) => {
  const made = await instantiate(...given);
  keep(made.instance ?? made);
  return made;
};
WebAssembly.Instance = class extends WebAssembly.Instance {
  constructor(...given) {
    super(...given);
    keep(this);
  }
};
window.wasmBytes = () => [...memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);

/** The longest task since the last look, ms. */
window.longest = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
}).observe({ entryTypes: ["longtask"] });

/** The most bytes that waited in a socket. */
window.mostBuffered = 0;
window.WebSocket = class extends window.WebSocket {
  send(data) {
    super.send(data);
    window.mostBuffered = Math.max(window.mostBuffered, this.bufferedAmount);
  }
};

// A client that is imported first would keep the WebSocket that it found.
const { JobsClient } = await import("/pkg/index.js");

window.logs = {};
window.begin = async (options) => {
  const { secretHeaders, ...given } = options;
  if (secretHeaders) given.polling = { ...given.polling, headers: () => secretHeaders };
  window.client = new JobsClient({
    ...given,
    logger: ({ code }) => (window.logs[code] = (window.logs[code] ?? 0) + 1),
  });
  await window.client.ready;
};
window.isReady = true;
