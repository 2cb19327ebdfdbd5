/** What of the facade only the protocol `broadcast` needs. It is loaded with the core, and given what it works with. */
import type { Entities, Tools } from "./client.js";
import type { equip as Equip } from "./socketio.js";
import type { Cell } from "./store.js";
import type { EnvelopeMap, Entity } from "./types.js";

type Given = Parameters<typeof Equip>;

/** Most entities of a kind; above it the one is forgotten that has not changed for longest. */
const MAX_ENTITIES = 50_000;

const ENDLESS = 1e9;

/** What a server may call otherwise. */
const FIELDS: readonly (keyof EnvelopeMap["fields"])[] = [
  ...(["type", "data", "jobId", "status", "progress", "stage", "message", "error"] as const),
  ...(["resultUrl", "durationSeconds", "attempt", "timestamp"] as const),
];

type EntityFields = [
  kind: string,
  id: string,
  status: string | null,
  previousStatus: string | null,
  updatedAt: number,
  source: number,
  data: unknown,
];

/** What only this protocol has in the config of docs/core-messages.md, and its presets. */
function configure(config: unknown[], { map, intervals, path }: Tools[10], fault: Tools[11]): void {
  for (const name in map?.fields) {
    if (!(FIELDS as readonly string[]).includes(name))
      throw fault(`The option map.fields has no member ${name}.`, `It has: ${FIELDS.join(", ")}.`);
  }
  if (path?.includes("{id}"))
    throw fault(
      "The option path has an {id}: one socket carries every job.",
      "Give the path of that socket.",
    );
  config[0] ??= "/";
  // Jobs are read over HTTP only where an address is given.
  config[2] ??= config[1] ? 3000 : 0;
  config[4] ??= ENDLESS;
  config[6] ??= 30_000;
  // Nothing says that a server has a heartbeat.
  config[12] ??= 0;
  config[25] = 1;
  config[28] = map?.fields && JSON.stringify(map.fields);
  config[29] = map?.events && JSON.stringify(map.events);
  config[30] = intervals && JSON.stringify(intervals);
}

/** Has a client speak `broadcast`: changes its config, and adds a record of docs/core-messages.md. */
export function equip(...all: Given): void {
  const [, config, , records, , , , , , , ...tools] = all;
  const [, , camelized, given, , , toMeta, , entities, frames, options, fault] = tools;
  const keepers = new Map<string, (entity: Entity) => void>();

  /** Takes entities of a kind in; tells of them once a frame, in a new map. */
  function keep(cell: Cell<Entities>): (entity: Entity) => void {
    /** Ids, that of the entity which changed last at the end. */
    const order = new Set(cell.current.keys());
    let draft: Map<string, Entity> | undefined;
    const tell = () => {
      if (draft) cell.set(draft);
      draft = undefined;
    };
    return (entity) => {
      const { id, updatedAt } = entity;
      const known = (draft ?? cell.current).get(id);
      // Whoever follows anew is told of all there are.
      if (known?.updatedAt === updatedAt && JSON.stringify(known) === JSON.stringify(entity)) return;
      draft ??= new Map(cell.current);
      draft.set(id, entity);
      order.delete(id);
      order.add(id);
      if (order.size > MAX_ENTITIES) {
        const [oldest = ""] = order;
        order.delete(oldest);
        draft.delete(oldest);
      }
      frames.add(tell);
    };
  }

  configure(config, options, fault);
  records[11] = (...[kind, id, status, previousStatus, updatedAt, source, data]: EntityFields) => {
    const cell = entities.get(kind);
    if (!cell) return;
    let take = keepers.get(kind);
    if (!take) keepers.set(kind, (take = keep(cell)));
    const { source: from } = toMeta(0, 0, source, null, null);
    take(given<Entity>({ id, kind, status, previousStatus, updatedAt, source: from, data: camelized(data) }));
  };
}
