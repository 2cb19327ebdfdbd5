/** A client for each of several systems, and a bar for each job; writes down what the bars show. Judges nothing. */
import { JobsClient } from "/pkg/index.js";

/** By name of the system. */
const clients = {};
/** By job, what its bar showed, in order. */
const bars = {};
/** By name of the system, what its client told. */
const events = {};
/** By name of the system, the states of its client's connection, in order. */
const states = {};
/** Every error of a client, which its logger alone gets. */
const errors = [];

function open(system, options) {
  const logger = ({ level, code, message }) => level === "error" && errors.push({ system, code, message });
  clients[system] = new JobsClient({ ...options, logger });
  events[system] = [];
  states[system] = [];
  clients[system].connection.subscribe(({ state, attempt }) => states[system].push({ state, attempt }));
  clients[system].onAny((event, payload, { jobId }) => events[system].push({ event, payload, jobId }));
}

/** @returns what a reader of the page sees */
const shown = (bar, label) => ({
  percent: bar.hasAttribute("value") ? bar.value : undefined,
  text: label.textContent,
});

function follow(system, id) {
  const bar = Object.assign(document.createElement("progress"), { max: 100 });
  const label = document.createElement("label");
  const row = document.createElement("p");
  row.append(bar, " ", label);
  document.querySelector("main").append(row);
  bars[id] = [];
  clients[system].job(id).subscribe(({ status, progress, stale }) => {
    if (progress === undefined) bar.removeAttribute("value");
    else bar.value = progress;
    const percent = progress === undefined ? "" : `, ${Math.floor(progress)} %`;
    label.textContent = `${system}: ${status}${percent}${stale ? ", stale" : ""}`;
    bars[id].push(shown(bar, label));
  });
}

window.five = { bars, clients, errors, events, states, open, follow };
