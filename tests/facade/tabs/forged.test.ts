/** What other scripts of the origin post to the tabs' channel: none of it may reach a core, a page or the lead. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { JobsClient, JobsClientOptions, LogEntry } from "../../../pkg-template/src/index.js";
import type { FakeCore } from "../fake/core.js";
import { Origin } from "../fake/tabs.js";
import type { Tab } from "../fake/tabs.js";
import { create, frame, job, meta, microtasks, newest } from "../support.js";

/** That of vitest.config.ts. */
const VERSION = "0.0.0";
const [LEAD, PING, SAY, TOLD] = [0, 1, 2, 3];
const NOBODY = "00000000-0000-4000-8000-000000000000";

let origin: Origin;

interface Opened {
  tab: Tab;
  client: JobsClient;
  core: FakeCore;
  logs: LogEntry[];
}

async function openTab(options: Partial<JobsClientOptions> = {}): Promise<Opened> {
  const tab = origin.tab();
  const logs: LogEntry[] = [];
  tab.use();
  const client = create({ shareAcrossTabs: true, logger: (entry) => logs.push(entry), ...options });
  await client.ready;
  const core = newest();
  await microtasks();
  return { tab, client, core, logs };
}

/** A tab that leads, one that follows it and a job, and a script of the same origin that has listened to them. */
interface Scene {
  leader: Opened;
  tab: Opened;
  /** The leader's number and the follower's id, as the channel tells them. */
  number: number;
  id: string;
  name: string;
  /** What the follower was told of the job. */
  seen: string[];
  intruder: Tab;
  post(...messages: unknown[]): void;
}

async function setScene(): Promise<Scene> {
  const [leader, tab] = [await openTab(), await openTab()];
  const seen: string[] = [];
  tab.client.job("a").subscribe(({ status, progress }) => seen.push(`${status} ${progress ?? "-"}`));
  await microtasks();
  const said = (origin.said as unknown[][]).find(([, word]) => word === SAY);
  const [, , number, id] = said as [string, number, number, string];
  const { name } = [...origin.channels][0] as { name: string };
  const intruder = origin.tab();
  intruder.use();
  const channel = new BroadcastChannel(name);
  const post = (...messages: unknown[]) => messages.forEach((message) => channel.postMessage(message));
  return { leader, tab, number, id, name, seen, intruder, post };
}

/** The job goes on to its end, for both tabs, with the same leader; then another one leads. */
async function expectSound({ leader, tab, seen }: Scene): Promise<void> {
  leader.core.push(["job", job("a", { progress: 40 })]);
  await frame();
  leader.core.urgent(
    ["job", job("a", { status: "completed", progress: 100 })],
    ["event", "completed", { jobId: "a" }, meta({ jobId: "a" })],
  );
  await microtasks();
  expect(seen).toEqual(["unknown -", "running 40", "completed 100"]);
  expect(tab.core.messages).toEqual([]);
  expect(leader.core.heard("shutdown")).toEqual([]);
  leader.tab.kill();
  await microtasks();
  expect(tab.core.heard("follow")).toEqual([["follow", "a"]]);
  const late = await openTab();
  late.client.job("b").subscribe(() => {});
  await microtasks();
  expect(tab.core.heard("follow")).toContainEqual(["follow", "b"]);
}

const sparse = (length: number, ...values: unknown[]) => Object.assign(new Array(length), values);
const withGetter = (list: unknown[], place: number, value: unknown) =>
  Object.defineProperty([...list], place, { get: () => value, enumerable: true });

type Forge = (scene: Scene) => unknown;

/** What does not have the form of a message. */
const MALFORMED: [what: string, forge: Forge][] = [
  ["nothing", () => undefined],
  ["a text", () => "x"],
  ["an object", () => ({ 0: VERSION, 1: PING, length: 2 })],
  ["an empty list", () => []],
  ["a list without elements that is as long as a list can be", () => sparse(2 ** 32 - 1, VERSION, PING)],
  ["no version", () => [LEAD, 5]],
  ["another version", () => ["9.9.9", LEAD, 5]],
  ["a version alone", () => [VERSION]],
  ["an unknown word", () => [VERSION, 7]],
  ["a word that is a text", () => [VERSION, "0", 5]],
  ["a question with more behind it", () => [VERSION, PING, 1]],
  ["a leader without a number", () => [VERSION, LEAD]],
  ["a leader's number without end", () => [VERSION, LEAD, Infinity]],
  ["a leader's number that is none", () => [VERSION, LEAD, NaN]],
  ["a leader's number that is a text", () => [VERSION, LEAD, "9"]],
  ["a leader's number below 0", () => [VERSION, LEAD, -1]],
  ["a leader's number that is no whole one", () => [VERSION, LEAD, 1.5]],
  ["a leader's number that cannot be counted on", () => [VERSION, LEAD, 2 ** 60]],
  ["a leader's number that a getter gives", () => withGetter([VERSION, LEAD, 0], 2, Infinity)],
  ["a claim with more behind it", ({ number }) => [VERSION, LEAD, number, ""]],
  ["a tab's id that is none", ({ number }) => [VERSION, SAY, number, "x", []]],
  ["a tab's id that is a number", ({ number }) => [VERSION, SAY, number, 7, []]],
  ["no list", ({ number, id }) => [VERSION, SAY, number, id]],
  ["a hole in the list", ({ number, id }) => [VERSION, SAY, number, id, sparse(2, [4, 1])]],
  ["a long list of holes", ({ number, id }) => [VERSION, SAY, number, id, sparse(2 ** 32 - 1)]],
  ["too long a list", ({ number, id }) => [VERSION, SAY, number, id, new Array(1001).fill([14, 0])]],
  ["too many bytes", ({ number, id }) => [VERSION, SAY, number, id, [[23, new ArrayBuffer(81 << 20)]]]],
  ["something behind the list", ({ number, id }) => [VERSION, SAY, number, id, [], 1]],
];

/** Messages that a tab may not send to the leader's core. */
const FORBIDDEN: unknown[] = [
  [6],
  [12],
  [13, 1],
  [15, 1, "a token"],
  [16, 1, "why"],
  [17, 1, "[]"],
  [25, 1],
  [-1],
  [1.5],
  [NaN],
  ["follow", 0, "x"],
  ["0", 0, "x"],
  [0, 0, 5],
  [0, 0, "x".repeat(8193)],
  [0, 1, "x"],
  [0, 0],
  sparse(3, 0, 0),
  [2, 0, "x"],
  [2, 1.5, "x"],
  [2, 1e9, "x"],
  [2, Infinity, "x"],
  [3, 2],
  [4, NaN],
  [4, "1"],
  [8, 1],
  [9, 1, "x", Infinity],
  [9, 1, "x", 0, {}],
  [9, 1, "x", 0, "1", 5],
  [9, 1, "x", 0, "1", "key", "more"],
  [11, 9],
  [18, null],
  [20, 2, "/x"],
  [22, 1, undefined, -1],
  [23, "bytes"],
  [24, 1, {}],
  withGetter([9, 1, "x"], 2, 5),
  [],
  {},
  7,
  null,
];

/** Calls that nobody may make in another tab. */
const FORBIDDEN_CALLS: unknown[] = [
  [2, 1, true],
  [3, 1],
  [0, 0, "x"],
  [0, NaN],
  [1, 0, 7],
  [1, 0, "not JSON"],
  [1, 0, "3"],
  [1, 0, '[99,"a"]'],
  [1, 0, "[]"],
  [1, 0, "[0,7,3,null,1,1,0,0,null,null,null,null,null]"],
  [1, 0, '[0,"a",9,null,1,1,0,0,null,null,null,null,null]'],
  [1, 0, '[0,"a",3,"100",1,1,0,0,null,null,null,null,null]'],
  [1, 0, '[0,"a",3,1e999,1,1,0,0,null,null,null,null,null]'],
  [1, 0, '[0,"a",3,100,1,1,7,0,null,null,null,null,null]'],
  [1, 0, '[0,"a",3,100,1,1,0,0,null,null,{},null,null]'],
  [1, 0, '[1,"completed",{},"1",1,0,"a",null]'],
  [1, 0, '[1,5,{},1,1,0,"a",null]'],
  [1, 0, "[2,8,0,1,null,null,0,0,null,null]"],
  [1, 0, "[3,7,1,0,0,{}]"],
  [1, 0, '[4,"1","sent"]'],
  [1, 0, '[9,"x",[],1,1,0,null,null,0,[0,1,2,3,4,5,6,7,8,9,10],0]'],
  [1, 0, '[11,"track","1",null,null,1,0,[]]'],
  [4, 1, "rows"],
  [4, 1, [["x", "1"]]],
  [4, 1, [[1, 1]]],
  [5, 1, "bytes"],
  [5, 1.5, new ArrayBuffer(1)],
  [9, 1],
  [1, 0, "[]", "more"],
  3,
];

beforeEach(() => {
  vi.useFakeTimers();
  origin = new Origin();
});

describe("a message that is not well-formed", () => {
  it.each(MALFORMED)("is dropped: %s", async (_what, forge) => {
    const scene = await setScene();
    const before = scene.leader.core.messages.length;
    scene.post(forge(scene));
    await microtasks();
    expect(scene.leader.core.messages).toHaveLength(before);
    for (const { logs } of [scene.leader, scene.tab])
      expect(logs).toMatchObject([{ level: "warn", code: "tabs-dropped" }]);
    await expectSound(scene);
  });

  it.each(FORBIDDEN.map((message) => [JSON.stringify(message)?.slice(0, 40), message]))(
    "is dropped when it is for the core: %s",
    async (_what, message) => {
      const scene = await setScene();
      const before = scene.leader.core.messages.length;
      // One that is not allowed takes those beside it along.
      scene.post([VERSION, SAY, scene.number, scene.id, [[4, 1], message, [0, 0, "b"]]]);
      await microtasks();
      expect(scene.leader.core.messages).toHaveLength(before);
      await expectSound(scene);
    },
  );

  it.each(FORBIDDEN_CALLS.map((call) => [JSON.stringify(call).slice(0, 60), call]))(
    "is dropped when it is for a tab that follows: %s",
    async (_what, call) => {
      const scene = await setScene();
      for (const to of [scene.id, ""]) scene.post([VERSION, TOLD, scene.number, to, [call]]);
      await microtasks();
      expect(scene.seen).toEqual(["unknown -"]);
      expect(scene.tab.logs).toMatchObject([{ level: "warn", code: "tabs-dropped" }]);
      await expectSound(scene);
    },
  );

  it("is logged once a minute at most, with how many there were", async () => {
    const { leader, post } = await setScene();
    for (let i = 0; i < 500; i++) post(["x"]);
    await microtasks();
    expect(leader.logs).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(60_000);
    post(["x"]);
    await microtasks();
    expect(leader.logs.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^A message on/),
      expect.stringMatching(/^500 messages on/),
    ]);
  });

  it("never has a token asked for, nor one taken", async () => {
    const options = { token: () => "a-token-that-is-secret", shareAcrossTabs: "user 1" } as const;
    const [leader, tab] = [await openTab(options), await openTab(options)];
    tab.client.job("a").subscribe(() => {});
    await microtasks();
    const [, , number, id] = (origin.said as unknown[][]).find(([, word]) => word === SAY) as unknown[];
    origin.tab().use();
    const channel = new BroadcastChannel(([...origin.channels][0] as { name: string }).name);
    for (const kind of [2, 3]) channel.postMessage([VERSION, TOLD, number, id, [[kind, 1, true]]]);
    channel.postMessage([VERSION, SAY, number, id, [[15, 1, "forged"]]]);
    await microtasks();
    expect(leader.core.heard("token", "tokenFailed", "headers")).toEqual([]);
    expect(JSON.stringify(origin.said)).not.toContain("a-token-that-is-secret");
  });
});

describe("a claim to lead", () => {
  const FAR = 2 ** 53 - 1;

  it.each<[string, (scene: Scene) => number]>([
    ["with the highest number", () => FAR],
    ["with the next number", ({ number }) => number + 1],
    ["with an old number", ({ number }) => number - 1],
    ["with a number that is soon to come", () => Date.now() + 5000],
  ])("by a page that holds no lock changes nothing: %s", async (_what, numberOf) => {
    const scene = await setScene();
    const forged = numberOf(scene);
    scene.post([VERSION, LEAD, forged]);
    await microtasks();
    scene.post([VERSION, TOLD, forged, "", [[1, 0, '[0,"a",3,100,1,1,0,0,null,null,null,null,null]']]]);
    await microtasks();
    expect(scene.seen).toEqual(["unknown -"]);
    await expectSound(scene);
  });

  it("by a page that holds a lock with the name of a leader's changes nothing", async () => {
    const scene = await setScene();
    const keep = () => new Promise<void>(() => {});
    void navigator.locks.request(`${scene.name}:lead:${FAR}:${NOBODY}`, keep as never, keep as never);
    await microtasks();
    scene.post([VERSION, LEAD, FAR]);
    await microtasks();
    await expectSound(scene);
  });

  it("of a leader in the past changes nothing", async () => {
    const scene = await setScene();
    const old = scene.number;
    scene.leader.tab.kill();
    await microtasks();
    const third = await openTab();
    third.client.job("b").subscribe(() => {});
    await microtasks();
    scene.post([VERSION, LEAD, old]);
    await microtasks();
    scene.post([VERSION, TOLD, old, "", [[1, 0, '[0,"b",3,100,1,1,0,0,null,null,null,null,null]']]]);
    await microtasks();
    expect(third.client.job("b").current.status).toBe("unknown");
    scene.tab.core.push(["job", job("b", { progress: 3 })]);
    await frame();
    expect(third.client.job("b").current).toMatchObject({ status: "running", progress: 3 });
  });

  it("cannot keep a tab from taking the lead of a page that stands still", async () => {
    const scene = await setScene();
    scene.leader.tab.freeze();
    for (let second = 0; second < 6; second++) {
      scene.post([VERSION, LEAD, FAR], [VERSION, LEAD, scene.number + 1]);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(scene.tab.core.heard("follow")).toEqual([["follow", "a"]]);
  });

  it("costs few questions to the locks, however many there are", async () => {
    const scene = await setScene();
    const query = vi.spyOn(origin, "locks");
    for (let i = 1; i <= 5000; i++) scene.post([VERSION, LEAD, i]);
    await microtasks();
    await vi.advanceTimersByTimeAsync(240);
    expect(query.mock.calls.length).toBeLessThan(100);
    await vi.advanceTimersByTimeAsync(1000);
    expect(query.mock.calls.length).toBeLessThan(100);
    await expectSound(scene);
  });
});

describe("the leader", () => {
  it("serves no tab that holds no lock", async () => {
    const scene = await setScene();
    const before = scene.leader.core.messages.length;
    scene.post([
      VERSION,
      SAY,
      scene.number,
      NOBODY,
      [
        [4, 1],
        [0, 0, "b"],
        [9, 2, "x"],
      ],
    ]);
    await microtasks();
    expect(scene.leader.core.messages).toHaveLength(before);
    expect(scene.leader.logs).toMatchObject([{ level: "info", code: "tabs-dropped" }]);
    await expectSound(scene);
  });

  it("goes on serving a tab, whatever others say of it", async () => {
    const scene = await setScene();
    // Once a message by which a tab left.
    scene.post(
      [VERSION, 3, scene.number, scene.id],
      [3, scene.number, scene.id],
      [VERSION, 4, scene.number, scene.id],
    );
    await microtasks();
    expect(scene.leader.core.heard("unfollow")).toEqual([]);
    await expectSound(scene);
  });

  it("answers few of very many questions, and the last one for sure", async () => {
    const scene = await setScene();
    const leads = () => (origin.said as unknown[][]).filter(([, word]) => word === LEAD).length;
    const before = leads();
    for (let i = 0; i < 100; i++) {
      for (let k = 0; k < 50; k++) scene.post([VERSION, PING]);
      await microtasks();
    }
    const answered = leads() - before;
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThan(100);
    await vi.advanceTimersByTimeAsync(250);
    expect(leads() - before).toBeGreaterThan(answered);
    await expectSound(scene);
  });

  it("holds its own number's lock for as long as it leads", async () => {
    const { leader, tab } = await setScene();
    const isOf = (lock: LockInfo, owner: Tab) =>
      lock.clientId === owner.clientId && lock.name?.includes(":lead:");
    expect(origin.locks().filter((lock) => isOf(lock, leader.tab))).toHaveLength(1);
    leader.client.close();
    await microtasks();
    expect(origin.locks().filter((lock) => isOf(lock, leader.tab))).toHaveLength(0);
    expect(origin.locks().filter((lock) => isOf(lock, tab.tab))).toHaveLength(1);
  });
});

describe("a tab that follows", () => {
  it("sends much in several messages, and all of it arrives", async () => {
    const [leader, tab] = [await openTab(), await openTab()];
    for (let i = 0; i < 2500; i++) tab.client.job(`job ${i}`).subscribe(() => {});
    tab.client.disconnect();
    await microtasks();
    void tab.client.connect();
    await microtasks();
    expect(leader.core.heard("follow")).toHaveLength(2 * 2500);
    for (const said of origin.said as unknown[][]) {
      if (said[1] === SAY) expect((said[4] as unknown[]).length).toBeLessThanOrEqual(1000);
    }
    expect(leader.logs).toEqual([]);
  });

  it("refuses what is too large for the channel, and goes on", async () => {
    const [leader, tab] = [await openTab(), await openTab()];
    void tab.client.connect();
    await microtasks();
    await expect(tab.client.send("x".repeat(9000), 1)).rejects.toMatchObject({ code: "queue-full" });
    void tab.client.send("x", 1);
    await microtasks();
    expect(leader.core.heard("send")).toHaveLength(1);
    expect(leader.logs).toEqual([]);
  });
});
