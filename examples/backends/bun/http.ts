/** What HTTP answers have in common: JSON bodies, clear errors. */
import { HttpError } from "../../server/responses.mjs";

export { HttpError };

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return Response.json(value, { status, headers });
}

export function text(value: string, status = 200): Response {
  return new Response(value, { status });
}

export function explain(error: unknown): Response {
  if (error instanceof HttpError) return json({ detail: error.message }, error.status, error.headers);
  console.error("A request failed:", error);
  return json({ detail: "The server met an unexpected error; its log says which." }, 500);
}
