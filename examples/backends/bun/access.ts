/** Who may talk to the server: under which host names, from pages of which origins, and what only this machine may. */
import { createAccess } from "../../server/access.mjs";
import { hostOfOrigin, isLoopbackAddress, isLoopbackName, parseHost } from "../../server/address.mjs";
import { HttpError } from "../../server/responses.mjs";
import type { Settings } from "./settings.ts";

const header = ({ headers }: Request, name: string) => headers.get(name) ?? undefined;

function isLoopback(host: string | undefined): boolean {
  const name = parseHost(host);
  return name !== undefined && isLoopbackName(name);
}

export class Access {
  readonly #access;

  constructor(settings: Settings) {
    this.#access = createAccess(settings);
  }

  /** Throws where a request is refused. */
  check(request: Request): void {
    const refusal = this.#access.refusal({
      host: header(request, "host"),
      origin: header(request, "origin"),
    });
    if (refusal !== undefined) throw new HttpError(403, refusal);
  }

  /** Throws where a request does not come from this machine itself, or comes through a proxy. */
  checkLocal(request: Request, address: string | undefined): void {
    const origin = header(request, "origin");
    const local =
      isLoopbackAddress(address ?? "") &&
      isLoopback(header(request, "host")) &&
      (origin === undefined || isLoopback(hostOfOrigin(origin))) &&
      !request.headers.has("forwarded") &&
      !request.headers.has("x-forwarded-for");
    if (!local) throw new HttpError(403, "This is only for the machine that the server runs on.");
  }

  /** Lets pages of the allowed origins read an answer. */
  open(request: Request, response: Response): Response {
    const headers = this.#access.corsHeaders(header(request, "origin"));
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    return response;
  }
}
