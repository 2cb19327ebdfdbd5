/** What HTTP answers have in common: JSON bodies, clear errors, CORS. */
import { CORS_HEADERS, HttpError } from "../../server/responses.mjs";

export { HttpError };

export function json(value: unknown, status = 200): Response {
  return Response.json(value, { status, headers: CORS_HEADERS });
}

export function text(value: string, status = 200): Response {
  return new Response(value, { status, headers: CORS_HEADERS });
}

export function explain(error: unknown): Response {
  if (error instanceof HttpError) return json({ detail: error.message }, error.status);
  console.error("A request failed:", error);
  return json({ detail: "The server met an unexpected error; its log says which." }, 500);
}

export async function readJson(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch (error) {
    throw new HttpError(400, `The body is not JSON: ${error instanceof Error ? error.message : error}.`);
  }
}
