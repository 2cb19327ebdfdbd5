// @vitest-environment node
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { JobsError } from "../../../pkg-template/src/errors.js";
import { createWording, PROBLEMS as WORDS } from "../../../pkg-template/src/wire/problems.js";
import { words } from "../../../pkg-template/src/protocols/socketio.js";

const { problem, logEntry } = createWording(words);

const source = readFileSync(new URL("../../../src/core/io/error.rs", import.meta.url), "utf8");

/** The names in an enum of the core, in order. */
function variants(name: string): string[] {
  const body = new RegExp(`\\benum ${name} \\{\\n([^}]*)\\n\\}`).exec(source)?.[1] ?? "";
  return [...body.matchAll(/^ {4}([A-Z]\w*)(?: = \d+)?,$/gm)].map(([, variant]) => variant as string);
}

const PROBLEMS = variants("Problem");
const LOGS = variants("Log");
const number = (name: string) => PROBLEMS.indexOf(name) + 1;
const log = (name: string) => LOGS.indexOf(name);
const entry = (name: string, cause = 0, detail = "", jobId: string | null = null, hushed = 0) =>
  logEntry([log(name), 7, hushed, cause, detail, jobId]);

const CODES = [
  ...["config", "auth", "network", "timeout", "handshake", "protocol", "validation", "queue-full"],
  ...["rate-limited", "closed"],
];

describe("problems of the core", () => {
  it("are counted from 1 in error.rs", () => {
    expect(source).toMatch(/enum Problem \{\s+(?:\/\/\/.*\s+)*Closed = 1,/);
    expect(PROBLEMS).toHaveLength(39);
  });

  it.each(PROBLEMS)("%s has words", (name) => {
    const error = problem(number(name), "404");
    expect(error).toBeInstanceOf(JobsError);
    expect(CODES).toContain(error.code);
    expect(error.message).toMatch(/^(disconnect\(\)|[A-Z]).{10,}/);
    expect(error.message).not.toContain("%");
    expect(error.remedy).toMatch(/^[A-Z].+\.$/);
    expect(typeof error.retryable).toBe("boolean");
  });

  it("are no more and no fewer than the words", () => {
    expect(() => problem(0)).toThrow(TypeError);
    expect(() => problem(PROBLEMS.length + 1)).toThrow(TypeError);
  });

  it.each([
    ["Closed", "closed", false, "The client was closed.", "Make a new JobsClient."],
    ["GivenUp", "closed", true, /has given up/, "See `connection.current.error`, then call connect()."],
    ["QueueFull", "queue-full", true, /queue is full/, /^Raise `queue.maxItems`/],
    ["NoAddressee", "config", false, /which job's socket/, /^Name the job in the data/],
    ["Disconnected", "closed", true, /^disconnect\(\) was called/, "Call connect() again."],
    [
      "TokenRefused",
      "auth",
      false,
      /refused the token, and the refreshed/,
      /sign in again, then call connect/,
    ],
    ["TokenMissing", "auth", false, /no `token` was given/, /^Give the client a `token` option/],
    ["OnlyHttp", "handshake", true, /answers HTTP, but the WebSocket/, /`path` exists/],
    ["Unreachable", "network", true, /by WebSocket or HTTP/, /; if `failed`, call connect\(\)\.$/],
    ["NotOpened", "network", true, "The WebSocket was not opened.", /; if `failed`, call connect\(\)\.$/],
    ["Silent", "timeout", true, "The server fell silent.", /`heartbeat.interval`/],
    ["ComeBackLater", "rate-limited", true, /come back later/, /`pool.maxSockets`/],
    ["TokenTrouble", "auth", true, /refused or could not be had/, /Check what `token` returns/],
    ["Lost", "network", true, "The connection was lost.", /^Check the network; if `failed`/],
    ["ReadGivenUp", "closed", true, /read was given up/, /then refresh\(\)/],
    ["ReadTimeout", "timeout", true, /did not answer the read in time/, "Try again later."],
    ["ReadUnreachable", "network", true, "The server could not be reached.", /`polling.url`/],
    [
      "ReadNotFound",
      "protocol",
      false,
      "The server answered the read with HTTP 404.",
      /job's id and the `polling.url`/,
    ],
    [
      "ReadRateLimited",
      "rate-limited",
      true,
      "The server answered the read with HTTP 404.",
      /read less often/,
    ],
    ["ReadRejected", "network", false, "The server answered the read with HTTP 404.", "Try again later."],
    ["ReadFailed", "network", true, "The server answered the read with HTTP 404.", "Try again later."],
    ["ReadInvalid", "validation", true, "The answer to a read does not fit: 404", /`polling.url`/],
    ["ReadWithoutToken", "auth", true, "The `token` function gave no token.", /See the cause it logged/],
    ["PollingOff", "config", false, /`polling` is off/, "Give the client a `polling.url`."],
    ["TooManyJobs", "queue-full", true, "The table of jobs is full.", /Close handles/],
    ["OldServer", "protocol", false, "The server speaks an older Socket.IO.", /Socket.IO 3 or later/],
    ["NotSocketIo", "protocol", true, "This is no Socket.IO server: 404", /`url` and the `path`/],
    ["Refused", "handshake", false, "The server refused the channel: 404", /then call connect\(\)\.$/],
    ["RefusedAuth", "auth", false, "The server refused the channel: 404", /Check what `token` returns/],
    ["Kicked", "network", false, "The server closed the channel.", /connect\(\) to join again/],
    ["RequestTimeout", "timeout", true, /did not answer the request in time/, "Try again later."],
    ["RequestLost", "network", true, /lost before the answer/, /may be done twice/],
    ["TransportUnavailable", "handshake", true, "None of the `transports` works: 404", /server and proxies/],
    ["ProtocolBroken", "protocol", true, "The server broke the protocol: 404", /^Check the server;/],
    ["TooLarge", "validation", false, /larger than what the server takes/, /`maxHttpBufferSize`/],
    ["BadMessage", "validation", false, /name is reserved/, /^Use another name/],
  ])("%s says what it means", (name, code, retryable, message, remedy) => {
    const error = problem(number(name), "404");
    expect(error).toMatchObject({ code, retryable });
    expect(error.message).toMatch(message);
    expect(error.remedy).toMatch(remedy);
  });

  it("promise nothing that depends on the connection's state, which the same problem may have left or not", () => {
    for (const [, , message, remedy] of [...WORDS, ...words.problems])
      expect(message + remedy).not.toMatch(/keeps trying|tries again/);
  });

  it("take the detail as it is, percent and dollar signs too", () => {
    const said = problem(number("ReadInvalid"), "100 % of $& and $1").message;
    expect(said).toBe("The answer to a read does not fit: 100 % of $& and $1");
    expect(problem(number("ReadFailed")).message).toBe("The server answered the read with HTTP .");
  });
});

describe("log records of the core", () => {
  it.each([
    ["ConnectionClosed", 0, "(1006)", "info", "connection-lost", "The connection was closed (1006)"],
    ["ConnectionRefused", 0, "(1006)", "info", "connection-lost", "The connection was not opened (1006)"],
    ["ConnectionSilent", 0, "", "info", "connection-lost", "Nothing was heard for too long."],
    ["Token", 0, "no session", "warn", "auth", "no session"],
    ["TooManyJobs", 0, "j-1", "warn", "too-many-jobs", "The table of jobs is full; refused: j-1"],
    ["QueueExpired", 0, "", "warn", "queue-expired", "A queued message was dropped: too old."],
    [
      "ReadFailed",
      number("ReadFailed"),
      "503",
      "warn",
      "read-failed",
      "The server answered the read with HTTP 503.",
    ],
    ["Invalid", 0, "not-json progress dropped:\nno %", "warn", "not-json", "progress dropped:\nno %"],
    ["Failed", number("TokenMissing"), "", "error", "auth", problem(number("TokenMissing")).message],
    ["Bounded", 0, "overflowed: 12", "warn", "bounded", "Beyond a bound: overflowed: 12"],
    ["Upgraded", 0, "", "info", "transport", "Went over to WebSocket."],
    ["FellBack", 0, "WebSocket", "info", "transport", "A transport does not work; next is WebSocket"],
    [
      "ChannelRefused",
      number("RefusedAuth"),
      "/a no",
      "warn",
      "auth",
      "The server refused the channel: /a no",
    ],
    ["TooLarge", 0, "", "warn", "too-large", "A queued message was dropped: too large."],
  ])("%s has words", (name, cause, detail, level, code, message) => {
    expect(entry(name, cause, detail)).toEqual({ level, code, message, at: 7 });
  });

  it("are as many as the words", () => {
    expect(LOGS).toHaveLength(14);
    LOGS.forEach((name) => expect(entry(name, 0, "code words").message).toMatch(/\w/));
    expect(() => logEntry([LOGS.length, 7, 0, 0, "", null])).toThrow(TypeError);
  });

  it("name the job, and how many were held back, where there are any", () => {
    expect(entry("Token", 0, "no", "j")).toEqual({
      level: "warn",
      code: "auth",
      message: "no",
      at: 7,
      jobId: "j",
    });
    expect(entry("Token", 0, "no", null, 3)).toMatchObject({ hushed: 3 });
    expect(entry("Token", 0, "no")).not.toHaveProperty("hushed");
    expect(entry("Token", 0, "no")).not.toHaveProperty("jobId");
  });
});
