/** A client that listens to the events a test names, and writes down what it was told and for which frame. */
import { JobsClient } from "/pkg/index.js";

/** What was told, in order: `frame` is the number of the first frame that can show it. */
const told = [];
/** How often each kind of entity was told, by frame. */
const changes = {};
window.playlists = { told, changes };

let frame = 0;
let isInFrame = false;
let lastTime = -1;
const { requestAnimationFrame } = window;
/** What a callback of a frame does is in that frame; what is done between two is in the next one. */
window.requestAnimationFrame = (callback) =>
  requestAnimationFrame.call(window, (time) => {
    if (time !== lastTime) frame += 1;
    lastTime = time;
    isInFrame = true;
    callback(time);
    isInFrame = false;
  });
const countFrames = () => window.requestAnimationFrame(countFrames);
countFrames();
const shownIn = () => (isInFrame ? frame : frame + 1);

/**
 * @param {object} options of the client
 * @param {{ events?: string[], kinds?: string[] }} listeners names of events, kinds of entities
 */
window.playlists.begin = ({ ...options }, { events = [], kinds = [] }) => {
  const client = new JobsClient({ protocol: "broadcast", ...options });
  window.client = client;
  for (const event of events)
    client.on(event, (payload, { seq, jobId }) =>
      told.push({ event, payload, seq, jobId, at: performance.now(), frame: shownIn(), isInFrame }),
    );
  for (const kind of kinds) {
    changes[kind] = {};
    client.entities(kind).subscribe(() => {
      const shown = shownIn();
      changes[kind][shown] = (changes[kind][shown] ?? 0) + 1;
    });
  }
  return client.connect();
};

/** Every entity of a kind, without what differs from one connection to the next. */
window.playlists.entities = (kind) =>
  [...window.client.entities(kind).current.values()]
    .map(({ id, status, previousStatus, data }) => ({ id, status, previousStatus, data }))
    .sort((one, other) => one.id.localeCompare(other.id));
