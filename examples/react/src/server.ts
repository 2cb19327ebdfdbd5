/** The HTTP side of a job's life: sending, retrying, cancelling. Following it is the client's business. */
import { ask } from "./http";
import { SERVER } from "./settings";

const API = new URL("api/v1", SERVER).href;
const CONTROL_TIMEOUT_MS = 3000;

export interface ControlState {
  refuse: boolean;
  silence: boolean;
  /** Time between the server's heartbeats, where it tells. */
  heartbeatMs?: number;
}

export interface UploadOptions {
  /** Least time each stage takes, in ms. */
  pace: number;
  /** Stage in which the first attempt fails. */
  fail?: string;
  signal: AbortSignal;
  /** Told how much has been sent, 0–1. */
  onSent: (fraction: number) => void;
}

/** Sends a recording and resolves with the id of its job. XMLHttpRequest, as fetch does not tell how much was sent. */
export function upload(file: File, { pace, fail, signal, onSent }: UploadOptions): Promise<string> {
  // The embedded server has other work as well.
  const query = new URLSearchParams({ work: "transcription" });
  if (pace > 0) query.set("pace", String(pace));
  if (fail) query.set("fail", fail);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${API}/jobs?${query}`);
    request.responseType = "json";
    request.setRequestHeader("X-Filename", encodeURIComponent(file.name));
    request.upload.onprogress = ({ loaded, total }) => onSent(total > 0 ? loaded / total : 0);
    request.onload = () => {
      const { job_id, detail } = (request.response ?? {}) as { job_id?: string; detail?: string };
      if (request.status === 202 && job_id) resolve(job_id);
      else reject(new Error(detail ?? `The server answered with status ${request.status}.`));
    };
    request.onerror = () =>
      reject(new Error("The file could not be sent. Check that the server runs, then try again."));
    request.onabort = () => reject(new Error("Sending was cancelled."));
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

const post = (path: string) => ask(`${API}${path}`, { method: "POST" });

export const retryJob = (id: string) => post(`/jobs/${encodeURIComponent(id)}/retry`);
export const cancelJob = (id: string) => post(`/jobs/${encodeURIComponent(id)}/cancel`);
export const cutConnections = async () => (await post("/_control/cut")) as { closed: number };

const switchOf = (name: "refuse" | "silence") => async (on: boolean) =>
  (await post(`/_control/${name}?on=${on ? 1 : 0}`)) as ControlState;
export const refuseSockets = switchOf("refuse");
export const silenceSockets = switchOf("silence");

/** The server's switches; null where it has none or is away. */
export async function readControl(): Promise<ControlState | null> {
  try {
    const response = await fetch(`${API}/_control/state`, {
      signal: AbortSignal.timeout(CONTROL_TIMEOUT_MS),
    });
    return response.ok ? ((await response.json()) as ControlState) : null;
  } catch {
    return null;
  }
}

export async function jobExists(id: string): Promise<boolean> {
  try {
    const response = await fetch(`${API}/jobs/${encodeURIComponent(id)}`);
    return response.status !== 404;
  } catch {
    // A server that is away for a moment may still know it.
    return true;
  }
}
