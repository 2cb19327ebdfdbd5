/** Takes the upload of a form, with multer, and checks what comes with it. */
import { randomUUID } from "node:crypto";
import { formHandler } from "../../server/form.mjs";
import { HttpError } from "../../server/responses.mjs";
import { isSessionId } from "./sessions.mjs";

const MAX_PACE_MS = 10_000;

/**
 * Takes the file of a form; of Express's kind: `(request, response, next)`.
 * @param {import("../../server/upload.mjs").UploadFolder} uploads
 * @param {number} maxBytes of one image
 */
export function imageUpload(uploads, maxBytes) {
  return formHandler(uploads, { field: "file", maxFiles: 1, maxFileBytes: maxBytes });
}

/** @param {Record<string, unknown>} body the fields of the form */
export function readSessionId(body) {
  const id = body["session_id"] || randomUUID();
  if (typeof id === "string" && isSessionId(id)) return id;
  throw new HttpError(400, "session_id takes 1 to 128 letters, digits, dots, hyphens and underscores.");
}

/** @param {URLSearchParams} query */
export function testOptions(query) {
  const pace = Number(query.get("pace") ?? 0);
  if (!Number.isInteger(pace) || pace < 0 || pace > MAX_PACE_MS) {
    throw new HttpError(400, `pace takes a whole number of milliseconds from 0 to ${MAX_PACE_MS}.`);
  }
  const fail = query.get("fail") ?? "0";
  if (fail !== "0" && fail !== "1") throw new HttpError(400, "fail takes 1 or 0.");
  return { pace, fail: fail === "1" };
}
