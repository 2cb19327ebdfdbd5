/// <reference path="../pages/window.d.ts" />
/** Pages of examples/react with their client at hand (pages/unmount), and what is left in it when they are gone. */

/** How many listeners each event has. @param {readonly import("../../../pkg/index.js").AuditRow[]} rows */
export const listenersIn = (rows) =>
  Object.fromEntries(
    rows.filter(({ listeners }) => listeners > 0).map(({ event, listeners }) => [event, listeners]),
  );

/** @param {import("./demo-page.mjs").DemoPage} page */
export async function clientOf(page) {
  /** @type {import("../../../pkg/index.js").Inspection} */
  const { state, connections, subscriptions, queues } = JSON.parse(
    await page.page.evaluate(async () => JSON.stringify(await window.client.inspect())),
  );
  const [before, now] = await page.page.evaluate(async () => [
    window.auditBefore,
    /** @type {import("../../../pkg/index.js").AuditRow[]} */ (await window.client.audit()),
  ]);
  return {
    state,
    connections,
    subscriptions,
    queues,
    listeners: listenersIn(now),
    listenersBefore: listenersIn(before),
  };
}
