/**
 * What Web Locks say about the tabs of a group. A lock is held by a page, whose id nobody else can have: so a script
 * that posts to the channel cannot pass for the page that leads.
 *
 * One lock, of the group's name, makes its holder the leader. Every tab holds a lock of its own, by which the leader
 * learns of its end, however it came. The leader holds one more, whose name has its number.
 */

/** Resolves when the lock is held, with what releases it; `lost` is called when it was taken away. */
export function hold(
  locks: LockManager,
  name: string,
  options: LockOptions,
  lost = () => {},
): Promise<() => void> {
  return new Promise((resolve, reject) => {
    let isHeld = false;
    const keep = (release: () => void) => {
      isHeld = true;
      resolve(release);
    };
    locks
      .request(name, options, () => new Promise<void>(keep))
      .catch((cause) => (isHeld ? lost() : reject(cause)));
  });
}

export const lockOfTab = (group: string, tab: string) => `${group}:${tab}`;

/** Nobody can be in the way of a name that nobody knows before. */
export const lockOfLeader = (group: string, number: number) =>
  `${group}:lead:${number}:${crypto.randomUUID()}`;

async function held(locks: LockManager): Promise<LockInfo[]> {
  return (await locks.query()).held ?? [];
}

/** The number of the page that leads: the highest one that the holder of the group's lock holds a lock for. */
export async function findLeader(locks: LockManager, group: string): Promise<number | undefined> {
  const all = await held(locks);
  const holder = all.find(({ name }) => name === group)?.clientId;
  const prefix = `${group}:lead:`;
  let leader: number | undefined;
  for (const { name, clientId } of all) {
    if (holder === undefined || clientId !== holder || !name?.startsWith(prefix)) continue;
    const number = Number.parseInt(name.slice(prefix.length), 10);
    if (Number.isSafeInteger(number) && number > (leader ?? 0)) leader = number;
  }
  return leader;
}

/** Those of the tabs that are there. */
export async function findTabs(
  locks: LockManager,
  group: string,
  tabs: readonly string[],
): Promise<ReadonlySet<string>> {
  const names = new Set((await held(locks)).map(({ name }) => name));
  return new Set(tabs.filter((tab) => names.has(lockOfTab(group, tab))));
}
