// @vitest-environment node
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createSecrets } from "../../../pkg-template/src/client/redact.js";
import type { JobsClientOptions, LogEntry } from "../../../pkg-template/src/types.js";
import { microtasks, open } from "../support.js";

interface Case {
  why: string;
  secrets: string[];
  text: string;
  clean: string;
}

const cases = JSON.parse(
  readFileSync(new URL("../fixtures/secrets.json", import.meta.url), "utf8"),
) as Case[];

function secretsOf(...all: string[]) {
  const secrets = createSecrets();
  for (const secret of all) secrets.add(secret);
  return secrets;
}

describe("secrets", () => {
  it.each(cases)("are found: $why", ({ secrets, text, clean }) => {
    expect(secretsOf(...secrets).redact(text)).toBe(clean);
  });

  it("are none where nothing was added, or an empty text", () => {
    const secrets = secretsOf("");
    expect(secrets.redact("text")).toBe("text");
  });

  it("are the newest eight", () => {
    const secrets = secretsOf(...Array.from({ length: 20 }, (_, number) => `secret-${10 + number}`));
    expect(secrets.redact("secret-21 secret-22")).toBe("secret-21 ***");
    secrets.clear();
    expect(secrets.redact("secret-29")).toBe("secret-29");
  });

  it("are found in every form of whatever a token may be", () => {
    let seed = 1;
    const next = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
    const letters = [..."abcXYZ0123456789-_.~+/=&%\"\\ é💡'("];
    for (let round = 0; round < 300; round++) {
      const isNumber = round % 5 === 0;
      const token = Array.from({ length: 1 + next(24) }, () =>
        isNumber ? next(10) : letters[next(34)],
      ).join("");
      const bytes = String.fromCharCode(...new TextEncoder().encode(token));
      const secrets = secretsOf(token);
      for (const form of [
        token,
        encodeURIComponent(token),
        encodeURIComponent(encodeURIComponent(token)),
        JSON.stringify(token).slice(1, -1),
        JSON.stringify(JSON.stringify(token)).slice(3, -3),
        btoa(bytes),
        btoa(bytes).replaceAll("+", "-").replaceAll("/", "_"),
        btoa(`Bearer ${bytes}`),
        `Bearer ${token}`,
      ]) {
        const clean = secrets.redact(`<${form}>`);
        expect(clean, `${token} as ${form}`).toContain("***");
        expect(clean, `${token} as ${form}`).not.toContain(`<${form}>`);
      }
    }
  });
});

/** A token as servers may repeat it. */
const FORMS = ["s3cret+token", "s3cret%2Btoken", "s3cret%2btoken", "czNjcmV0K3Rva2Vu", "s3cret\\u002btoken"];
const SECRETS = [
  ...FORMS.map((form) => ["s3cret+token", form] as const),
  ["ab1", "ab1"],
  ["42", "42"],
  ["8675309", "8675309"],
] as const;

/** All that a client says of itself when the server says a text wherever it can; and the entries of its log. */
async function outputsOf(options: Partial<JobsClientOptions>, said: string) {
  const entries: LogEntry[] = [];
  const { client, core } = await open({ ...options, logger: (entry) => entries.push(entry) });
  core.sink("token", 1, false);
  core.sink("headers", 2);
  await microtasks();
  const refused = client.connect().catch((error: Error) => error.message);
  core.reply("connect", false, 22, said);
  core.urgent(["log", { what: 1, detail: said, jobId: said }]);
  const inspected = client.inspect();
  core.sink(
    "batch",
    0,
    JSON.stringify([
      4,
      core.heard("inspect").at(-1)?.[1],
      [0, 2, 42],
      [0, said, 2, 0, 42],
      [0, said, 1, 1],
      [0, 42, 42, said, JSON.stringify({ said }), said],
    ]),
  );
  const audited = client.audit();
  core.sink("reply", core.heard("audit").at(-1)?.[1] as number, [[said, 42, 0, 0, 0, 0, 42]]);
  // Numbers of the client's own stay.
  expect((await inspected).history[0]).toMatchObject({ seq: 42, at: 42 });
  return JSON.stringify([await refused, entries, await inspected, await audited]);
}

async function expectNothingOf(options: Partial<JobsClientOptions>, said: string) {
  const outputs = await outputsOf(options, said);
  expect(outputs).not.toContain(said);
  expect(outputs).not.toContain(JSON.stringify(said).slice(1, -1));
  expect(outputs.split("<***>").length).toBeGreaterThan(7);
}

describe("a token", () => {
  it.each(SECRETS)("%s, said as %s, is in no output of the client", async (token, form) => {
    await expectNothingOf({ token: () => token }, `<${form}>`);
  });

  it("passes in what the server sent to whoever asked for it", async () => {
    const { client, core } = await open({ token: () => "s3cret-token" });
    core.sink("token", 1, false);
    await microtasks();
    const payloads: unknown[] = [];
    client.onAny((_, payload) => payloads.push(payload));
    core.urgent(["event", "mine", { said: "s3cret-token" }, { seq: 1 }]);
    expect(JSON.stringify(payloads)).toContain("s3cret-token");
  });

  it("that is a number is found in JSON of the server's, and nowhere else", () => {
    const secrets = secretsOf("42");
    const status = [2, 6, 42, 1, null, 42, 7, 0, "not 42", { token: 42, list: ["42", 43] }, null] as const;
    expect(secrets.cleanRecord([...status])).toEqual([
      ...[2, 6, 42, 1, null, 42, 7, 0, "not ***", { token: "***", list: ["***", 43] }, null],
    ]);
    expect(secrets.cleanRecord([8, "/42", 6, 0, 1, null, null, 7, 0, "42", 42, null])).toEqual([
      ...[8, "/42", 6, 0, 1, null, null, 7, 0, "***", "***", null],
    ]);
    expect(secrets.cleanRecord([0, "42", 2, 42])).toEqual([0, "42", 2, 42]);
    expect(secrets.cleanRecord([4, 42, ["42", 2]])).toEqual([4, 42, ["42", 2]]);
    expect(secrets.cleanRecord([7, "invalid", [0, "42", "code", "42?", "{42"]])).toEqual([
      ...[7, "invalid", [0, "***", "code", "***?", "{***"]],
    ]);
  });
});

const polling = (headers: () => HeadersInit) => ({ polling: { url: "/j/{id}", headers } });

describe("the value of a header of reads", () => {
  it.each(SECRETS)("%s, said as %s, is in no output of the client", async (value, form) => {
    await expectNothingOf(
      polling(() => ({ "X-Api-Key": value })),
      `<${form}>`,
    );
  });

  it.each<[string, () => HeadersInit]>([
    ["an object", () => ({ Authorization: "Bearer s3cret+token" })],
    ["a list", () => [["authorization", "ApiKey s3cret+token"]]],
    ["Headers", () => new Headers({ Cookie: "s3cret+token" })],
    // Nothing stops a page without TypeScript from it.
    ["a promise", (() => Promise.resolve({ "X-Trace": " s3cret+token " })) as never],
  ])("is a secret where they are given as %s, with what stands before it and without", async (_, headers) => {
    await expectNothingOf(polling(headers), "<s3cret+token>");
  });

  it("is a secret with the name of its scheme, and where the value has spaces", () => {
    const secrets = createSecrets();
    secrets.add(new Headers({ Authorization: "Bearer s3cret+token", "X-Phrase": "open the door" }));
    expect(secrets.redact("<Bearer s3cret+token> <open the door> <s3cret+token>")).toBe("<***> <***> <***>");
  });

  it("is one beside a token", async () => {
    const options = { token: () => "other+token", ...polling(() => ({ "X-Key": "s3cret+token" })) };
    await expectNothingOf(options, "<s3cret+token>");
    await expectNothingOf(options, "<other+token>");
  });

  it("is one before and after it changes, and when the client is disconnected", async () => {
    const entries: LogEntry[] = [];
    let number = 0;
    const { client, core } = await open({
      ...polling(() => ({ "X-Key": `s3cret-${++number}` })),
      logger: (entry) => entries.push(entry),
    });
    for (const request of [1, 2]) core.sink("headers", request);
    await microtasks();
    client.disconnect();
    core.urgent(["log", { what: 1, detail: "s3cret-1 s3cret-2 s3cret-3" }]);
    expect(entries.at(-1)?.message).toContain("*** *** s3cret-3");
  });

  it("is in no error of what gives the next ones", async () => {
    const entries: LogEntry[] = [];
    let isFirst = true;
    const headers = () => {
      if (!isFirst) throw new Error("not <ab1>");
      isFirst = false;
      return { "X-Key": "ab1" };
    };
    const { core } = await open({ ...polling(headers), logger: (entry) => entries.push(entry) });
    for (const request of [1, 2]) {
      core.sink("headers", request);
      await microtasks();
    }
    expect(entries.at(-1)).toMatchObject({
      code: "headers-failed",
      message: expect.stringContaining("<***>"),
    });
  });

  it("is not in what browsers say of one that no header may have", async () => {
    const entries: LogEntry[] = [];
    const { core } = await open({
      ...polling(() => ({ "X-Key": "s3cret\nof anna" })),
      logger: (entry) => entries.push(entry),
    });
    core.sink("headers", 1);
    await microtasks();
    expect(entries).toHaveLength(1);
    expect(JSON.stringify(entries)).not.toMatch(/s3cret|anna/);
    expect(core.heard("headers")).toEqual([["headers", 1, "[]"]]);
  });

  it("is none of headers that say what is sent and wanted", async () => {
    const headers = { Accept: "application/json", "Accept-Language": "de", "Content-Type": "text/plain" };
    const said = "<application/json> <de> <text/plain>";
    expect(
      await outputsOf(
        polling(() => headers),
        said,
      ),
    ).toContain(said);
  });

  it("is one of the newest sixteen, and pushes no token out", () => {
    const secrets = secretsOf("token-of-anna");
    for (let number = 10; number < 30; number++) secrets.add(new Headers({ "X-Key": `key-of-${number}` }));
    expect(secrets.redact("token-of-anna key-of-13 key-of-14 key-of-29")).toBe("*** key-of-13 *** ***");
    secrets.clear();
    expect(secrets.redact("token-of-anna key-of-29")).toBe("token-of-anna key-of-29");
  });

  it("stays among them while it is sent with others that change", () => {
    const secrets = createSecrets();
    for (let number = 10; number < 50; number++)
      secrets.add(new Headers({ "X-Key": "key-of-anna", "X-Request-Id": `request-${number}` }));
    expect(secrets.redact("key-of-anna")).toBe("***");
  });
});
