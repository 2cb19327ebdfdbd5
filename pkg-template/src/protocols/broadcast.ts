/** What of the facade only the protocol `broadcast` needs. It is loaded with the core. */
import type { Adapter, Surroundings } from "./adapter.js";
import type { CoreConfig } from "../wire/config.js";
import type { Entities } from "../entities/entities.js";
import { Rec } from "../wire/messages.js";
import type { Cell } from "../store/store.js";
import type { Entity } from "../types.js";

/** The protocol's number in the config. */
const BROADCAST = 1;
/** Most entities of a kind: as many as the core keeps. */
const MAX_ENTITIES = 50_000;
/** JSON has no Infinity; so many attempts are without end. */
const ENDLESS = 1e9;

type EntityFields = [
  kind: string,
  id: string,
  status: string | null,
  previousStatus: string | null,
  updatedAt: number,
  source: number,
  /** `null`: the core has forgotten it. */
  data: object | null,
];

/** Takes in an entity, or forgets it. */
type Keeper = (id: string, entity: Entity | null) => void;

/** Cells outlive cores, and adapters do not. */
type Kept = Cell<Entities> & { keeper?: Keeper };

/** The config with the protocol's presets. */
function preset({ config, options: { map, intervals }, wrongOption }: Surroundings): CoreConfig {
  const { path = "/", pollingUrl, interval, attempts = ENDLESS, maxDelay = 30_000, heartbeat = 0 } = config;
  if (path.includes("{id}")) throw wrongOption("path", "no {id}");
  // Analytics name nothing that they are about: the least interval has the last of them reported once a frame.
  const given: Record<string, number | undefined> = intervals ?? {};
  const { metric_update = 1000, analytics_updated = 1, ...others } = given;
  return {
    ...config,
    path,
    // Jobs are read over HTTP only where an address is given.
    interval: interval ?? (pollingUrl ? 3000 : 0),
    attempts,
    maxDelay,
    // Nothing says that a server has a heartbeat.
    heartbeat,
    protocol: BROADCAST,
    fields: JSON.stringify(map?.fields),
    events: JSON.stringify(map?.events),
    intervals: JSON.stringify({ metric_update, analytics_updated, ...others }),
  };
}

export function createAdapter(surroundings: Surroundings): Adapter {
  const { entities, frames, given, toKnownPayload, toMeta } = surroundings;

  /** Entities of a kind; subscribers get a new map of them once a frame. */
  function createKeeper(cell: Cell<Entities>): Keeper {
    /** Ids, that of the entity which changed last at the end. */
    const order = new Set(cell.current.keys());
    let draft: Map<string, Entity> | undefined;
    const publish = () => {
      if (draft) cell.set(draft);
      draft = undefined;
    };
    const change = () => {
      frames.add(publish);
      return (draft ??= new Map(cell.current));
    };
    return function update(id, entity): unknown {
      if (!entity) return order.delete(id) && change().delete(id);
      const known = (draft ?? cell.current).get(id);
      // Whoever subscribes anew gets all there are.
      if (known?.updatedAt === entity.updatedAt && JSON.stringify(known) === JSON.stringify(entity)) return;
      order.delete(id);
      order.add(id);
      const [oldest = ""] = order;
      if (order.size > MAX_ENTITIES) update(oldest, null);
      return change().set(id, entity);
    };
  }

  return {
    config: preset(surroundings),
    readers: {
      [Rec.Entity]([kind, id, status, previousStatus, updatedAt, from, members]: EntityFields) {
        const cell: Kept | undefined = entities.get(kind);
        if (!cell) return;
        const { source } = toMeta([0, 0, from, null, null]);
        const data = toKnownPayload(members);
        const entity =
          members && given<Entity>({ id, kind, status, previousStatus, updatedAt, source, data });
        (cell.keeper ??= createKeeper(cell))(id, entity);
      },
    },
    endOf(job) {
      const { id: jobId, counts, error, stage: phase, status, message } = job;
      const { resultUrl, unsafeResultUrl, durationSeconds } = job;
      return {
        jobId,
        status,
        progress:
          counts &&
          given({
            tracksProcessed: counts.processed,
            tracksSucceeded: counts.succeeded,
            tracksFailed: counts.failed,
            total: counts.total,
          }),
        phase,
        message,
        error: error?.message,
        resultUrl,
        unsafeResultUrl,
        durationSeconds,
      };
    },
  };
}
