/**
 * A client that listens to the events a test names, and writes down what it was told and for which frame. Shows what an
 * app shows of it: how many tracks have which state, the jobs, a table of events.
 */
import { frames } from "/frames.js";
import { JobsClient } from "/pkg/index.js";

const AUDIT_EVERY_MS = 1000;

/** What was told, in order: `frame` is the number of the frame it belongs to. */
const told = [];
/** How often each store was told, by frame. */
const changes = {};
window.playlists = { told, changes, frameTimes: frames.times };

/** What is written down of a store with its first value is none. @param {string} store */
function noteChanges(store) {
  const counts = {};
  changes[store] = counts;
  let isFirst = true;
  return () => {
    if (!isFirst) counts[frames.now] = (counts[frames.now] ?? 0) + 1;
    isFirst = false;
  };
}

/** A place on the page. @param {string} name */
function place(name) {
  const element = document.body.appendChild(document.createElement("pre"));
  element.dataset.shows = name;
  return (value) => (element.textContent = JSON.stringify(value));
}

const countStates = (items) => {
  const counts = {};
  for (const { status = "none" } of items) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

/**
 * @param {object} options of the client
 * @param {{ events?: string[], kinds?: string[], jobs?: boolean, audit?: boolean }} listeners names of events, kinds of
 *   entities, whether all jobs and the table of events are shown
 */
window.playlists.begin = ({ ...options }, { events = [], kinds = [], jobs, audit }) => {
  const client = new JobsClient({ protocol: "broadcast", ...options });
  window.client = client;
  for (const event of events)
    client.on(event, (payload, { seq, jobId }) =>
      told.push({
        event,
        payload,
        seq,
        jobId,
        at: performance.now(),
        frame: frames.now,
        isInFrame: frames.isInside,
      }),
    );
  for (const kind of kinds) {
    const note = noteChanges(kind);
    const show = place(kind);
    client.entities(kind).subscribe((map) => {
      note();
      show(countStates(map.values()));
    });
  }
  if (jobs) followJobs(client);
  if (audit) followAudit(client);
  return client.connect();
};

function followAudit(client) {
  const show = place("audit");
  const look = async () => {
    show(await client.audit());
    setTimeout(look, AUDIT_EVERY_MS);
  };
  look();
}

/** The list of all jobs, and each job by itself. */
function followJobs(client) {
  const followed = new Set();
  const note = noteChanges("jobs");
  const show = place("jobs");
  client.jobs().subscribe((list) => {
    note();
    show(list.map(({ id, status, progress, stage }) => [id, status, progress, stage]));
    for (const { id } of list) {
      if (followed.has(id)) continue;
      followed.add(id);
      client.job(id).subscribe(noteChanges(`job ${id}`));
    }
  });
}

/** Every entity of a kind, without what differs from one connection to the next. */
window.playlists.entities = (kind) =>
  [...window.client.entities(kind).current.values()]
    .map(({ id, status, previousStatus, data }) => ({ id, status, previousStatus, data }))
    .sort((one, other) => one.id.localeCompare(other.id));
