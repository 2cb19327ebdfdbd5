// @vitest-environment node
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const source = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const namesIn = (text: string, pattern: RegExp) =>
  [...(pattern.exec(text)?.[1] ?? "").matchAll(/^ *([A-Z]\w*),$/gm)].map(([, name]) => name);

describe("messages to the core", () => {
  it("have the numbers that the core reads", () => {
    const posts = namesIn(source("pkg-template/src/messages.ts"), /enum Post \{([^}]*)\}/);
    const asks = namesIn(source("src/core/input.rs"), /enum Ask \{([^}]*)\}/);
    const arms = [...source("src/api/mod.rs").matchAll(/^ +(\d+) => (?:Ask::(\w+))?/gm)];
    expect(asks).not.toHaveLength(0);
    // What is not for the engine comes behind, and no number is left out.
    expect(posts.slice(0, asks.length)).toEqual(asks);
    expect(arms.map(([, number]) => Number(number))).toEqual(posts.map((_, number) => number));
    expect(arms.flatMap(([, , name]) => name ?? [])).toEqual(asks);
  });
});
