/**
 * The words for what the core tells by number. The order is that of `Problem` and `Log` in src/core/io/error.rs. Those for
 * Socket.IO alone are in socketio.ts.
 */
import { JobsError } from "../errors.js";
import type { JobsErrorCode } from "../errors.js";
import type { LogEntry } from "../types.js";

export type ProblemWords = [code: JobsErrorCode, retryable: 0 | 1, message: string, remedy: string];

// Where a phrase returns it is the same word for word: that costs next to nothing in the download. Most problems are told
// while the client tries again and after it has given up; so the words promise neither.
export const PROBLEMS: readonly ProblemWords[] = [
  ["closed", 0, "The client was closed.", "Make a new JobsClient."],
  ["closed", 1, "The client has given up.", "See `connection.current.error`, then call connect()."],
  [
    "queue-full",
    1,
    "The outgoing queue is full.",
    "Raise `queue.maxItems` or `queue.maxBytes`, or send `volatile`.",
  ],
  ["config", 0, "It is not clear which job's socket is meant.", "Name the job in the data: { jobId: … }."],
  ["closed", 1, "disconnect() was called.", "Call connect() again."],
  [
    "auth",
    0,
    "The server refused the token, and the refreshed one too.",
    "Check what `token` returns, sign in again, then call connect().",
  ],
  [
    "auth",
    0,
    "The server wants a token; no `token` was given.",
    "Give the client a `token` option or cookies; call connect().",
  ],
  [
    "handshake",
    1,
    "The server answers HTTP, but the WebSocket was not opened.",
    "Check that the `path` exists and no proxy blocks WebSockets.",
  ],
  [
    "network",
    1,
    "The server could not be reached by WebSocket or HTTP.",
    "Check the network, the `url` and the server; if `failed`, call connect().",
  ],
  [
    "network",
    1,
    "The WebSocket was not opened.",
    "Check the network, the `url` and the `path`; if `failed`, call connect().",
  ],
  [
    "timeout",
    1,
    "The server fell silent.",
    "Check the heartbeats and `heartbeat.interval`; if `failed`, call connect().",
  ],
  ["rate-limited", 1, "The server said to come back later.", "Lower `pool.maxSockets`."],
  [
    "auth",
    1,
    "The token was refused or could not be had.",
    "Check what `token` returns; if `failed`, call connect().",
  ],
  ["network", 1, "The connection was lost.", "Check the network; if `failed`, call connect()."],
  ["closed", 1, "The read was given up.", "Call connect() again, then refresh()."],
  ["timeout", 1, "The server did not answer the read in time.", "Try again later."],
  ["network", 1, "The server could not be reached.", "Check the network and the `polling.url`."],
  [
    "protocol",
    0,
    "The server answered the read with HTTP %.",
    "Check the job's id and the `polling.url` option.",
  ],
  ["rate-limited", 1, "The server answered the read with HTTP %.", "Wait; read less often."],
  ["network", 0, "The server answered the read with HTTP %.", "Try again later."],
  ["network", 1, "The server answered the read with HTTP %.", "Try again later."],
  ["validation", 1, "The answer to a read does not fit: %", "Check the `polling.url` option."],
  ["auth", 1, "The `token` function gave no token.", "See the cause it logged."],
  ["config", 0, "A job cannot be read: `polling` is off.", "Give the client a `polling.url`."],
  ["queue-full", 1, "The table of jobs is full.", "Close handles."],
  ["protocol", 1, "The server knows no such job.", "Check the job's id."],
  [
    "protocol",
    1,
    "The server answered with a redirect, which is not followed.",
    "Give the address it leads to as `url` or `polling.url`; if `failed`, call connect().",
  ],
  [
    "protocol",
    1,
    "The server's answer is too large.",
    "Let the server answer with the job alone; if `failed`, call connect().",
  ],
];

export type LogWords = [level: LogEntry["level"], code: string, text: string];

export const LOGS: readonly LogWords[] = [
  ["info", "connection-lost", "The connection was closed "],
  ["info", "connection-lost", "The connection was not opened "],
  ["info", "connection-lost", "Nothing was heard for too long."],
  ["warn", "auth", ""],
  ["warn", "too-many-jobs", "The table of jobs is full; refused: "],
  ["warn", "queue-expired", "A queued message was dropped: too old."],
  ["warn", "read-failed", ""],
  ["warn", "", ""],
  ["error", "", ""],
  ["warn", "bounded", "Beyond a bound: "],
];

/** A log record. */
export type LogFields = [
  what: number,
  at: number,
  hushed: number,
  cause: number,
  detail: string,
  jobId: string | null,
];

export type Problem = (number: number, detail?: string, cause?: unknown) => JobsError;

/** Words of one protocol alone, behind those of all in the order of src/core/io/error.rs. */
export interface Words {
  readonly problems: readonly ProblemWords[];
  readonly logs: readonly LogWords[];
}

/** What is said by number. */
export interface Wording {
  /** `detail` takes the place of the percent sign. */
  problem: Problem;
  /** A log record as the app's logger gets it. */
  logEntry(fields: LogFields): LogEntry;
}

export function createWording(own: Partial<Words> = {}): Wording {
  const problems = PROBLEMS.concat(own.problems ?? []);
  const logs = LOGS.concat(own.logs ?? []);
  const problem: Problem = (number, detail = "", cause) => {
    const [code, retryable, message, remedy] = problems[number - 1] as ProblemWords;
    return new JobsError(
      code,
      message.replace("%", () => detail),
      remedy,
      !!retryable,
      cause,
    );
  };
  return {
    problem,
    logEntry([what, at, hushed, cause, detail, jobId]) {
      const [level, known, text] = logs[what] as LogWords;
      const from = cause ? problem(cause, detail) : undefined;
      // Where the table has no code, the detail begins with it, or the cause has one.
      const [, first = "", rest = ""] = known || from ? [] : (/^(\S+) (.*)/s.exec(detail) ?? []);
      return {
        level,
        code: known || from?.code || first,
        message: from?.message ?? text + (rest || detail),
        at,
        ...(jobId !== null && { jobId }),
        ...(hushed && { hushed }),
      };
    },
  };
}
