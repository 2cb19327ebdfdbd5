// @vitest-environment node
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const source = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const namesIn = (text: string, pattern: RegExp) =>
  [...(pattern.exec(text)?.[1] ?? "").matchAll(/^ *([A-Z]\w*),$/gm)].map(([, name]) => name);

describe("messages to the core", () => {
  it("have the numbers that the core reads", () => {
    const posts = namesIn(source("pkg-template/src/wire/messages.ts"), /enum Post \{([^}]*)\}/);
    const asks = namesIn(source("src/core/io/input.rs"), /enum Ask \{([^}]*)\}/);
    const arms = [...source("src/api/mod.rs").matchAll(/^ +(\d+) => (?:Ask::(\w+))?/gm)];
    expect(asks).not.toHaveLength(0);
    // No number is left out but that of attachments, for which there is a method.
    const numbers = posts.flatMap((name, number) => (name === "Attach" ? [] : [number]));
    expect(arms.map(([, number]) => Number(number))).toEqual(numbers);
    const asked = arms.filter(([, , name]) => name);
    expect(asked.map(([, , name]) => name)).toEqual(asks);
    expect(asked.map(([, number]) => posts[Number(number)])).toEqual(asks);
  });
});
