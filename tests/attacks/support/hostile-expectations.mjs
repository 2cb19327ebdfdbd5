/** What has to be so after an attack, beside what has to be so after each of them. */
import assert from "node:assert/strict";

/** @typedef {import("./hostile-client.mjs").Outcome} Outcome */

/** An answer is read up to its limit; the network holds some more of it. */
const MAX_READ_MIB = 64;
/** Bytes that wait in a socket: the bound, and the message that went above it. */
const MAX_IN_SOCKET_MIB = 4;

/** @param {Outcome} outcome */
function isReadInPart({ facts, logs }) {
  const read = Number(facts.megabytesRead);
  assert.ok(read > 0 && read <= MAX_READ_MIB, `${read} MiB were read`);
  assert.ok(Object.keys(logs).length > 0, "nothing is logged");
}

/** @param {Outcome} outcome */
function staysAtHome({ facts }) {
  assert.equal(facts.requestsElsewhere, 0);
  assert.equal(facts.secretElsewhere, false);
  assert.notEqual(facts.status, "completed");
}

/** @param {Outcome} outcome */
function isBounded({ logs, counters }) {
  assert.ok(logs.bounded || logs["too-many-jobs"] || counters.invalid, "no bound is said");
}

/** @type {Readonly<Record<string, (outcome: Outcome) => void>>} */
export const expectations = {
  "100 texts of 4 MB": isBounded,
  "50 ids, stages and names of 1 MB each": isBounded,
  "a read of 400 MB": isReadInPart,
  "a read that never ends": isReadInPart,
  "a poll of 400 MB"({ facts }) {
    const each = Number(facts.megabytesRead) / Number(facts.answers);
    assert.ok(each > 0 && each <= MAX_READ_MIB, `${each} MiB of an answer were read`);
  },
  "a read redirected to another origin": staysAtHome,
  "polling redirected to another origin": staysAtHome,
  "addresses of results that are scripts"({ facts }) {
    assert.equal(facts.resultUrl, undefined);
    assert.match(String(facts.unsafeResultUrl), /^javascript:/);
    assert.deepEqual(facts.schemes, ["-", "-"]);
  },
  "a million jobs": isBounded,
  "a million names of events": isBounded,
  "10,000 ends at once"({ counters, facts }) {
    assert.equal(counters.events, 10_000);
    assert.equal(facts.completed, 10_000);
  },
  "a read that comes drop by drop"({ counters, logs }) {
    assert.equal(counters.reading, undefined, "the read is not over");
    assert.ok(logs["read-failed"], "nothing is logged");
  },
  "a socket that the server does not read"({ facts }) {
    const waited = Number(facts.megabytesInTheSocket);
    assert.ok(waited <= MAX_IN_SOCKET_MIB, `${waited} MiB waited in the socket`);
  },
};
