// @vitest-environment node
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createSecrets } from "../../pkg-template/src/redact.js";
import type { LogEntry } from "../../pkg-template/src/types.js";
import { microtasks, open } from "./support.js";

interface Case {
  why: string;
  secrets: string[];
  text: string;
  clean: string;
}

const cases = JSON.parse(readFileSync(new URL("./fixtures/secrets.json", import.meta.url), "utf8")) as Case[];

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

describe("a token", () => {
  it.each([
    ...FORMS.map((form) => ["s3cret+token", form]),
    ["ab1", "ab1"],
    ["42", "42"],
    ["8675309", "8675309"],
  ])("%s, said as %s, is in no output of the client", async (token, form) => {
    const entries: LogEntry[] = [];
    const { client, core } = await open({ token: () => token, logger: (entry) => entries.push(entry) });
    core.sink("token", 1, false);
    await microtasks();
    const said = `<${form}>`;
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
    const outputs = JSON.stringify([await refused, entries, await inspected, await audited]);
    expect(outputs).not.toContain(said);
    expect(outputs).not.toContain(JSON.stringify(said).slice(1, -1));
    expect(outputs.split("<***>").length).toBeGreaterThan(7);
    // Numbers of the client's own stay.
    expect((await inspected).history[0]).toMatchObject({ seq: 42, at: 42 });
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
