/** What of the facade only the protocol `broadcast` needs. It is loaded with the core, and given what it works with. */
import type { Entities, Tools } from "./client.js";
import type { JobFields } from "./records.js";
import type { equip as Equip } from "./socketio.js";
import type { Cell } from "./store.js";
import type { Entity } from "./types.js";

type Given = Parameters<typeof Equip>;

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

/** Cells outlive cores, and this part is told of each core anew. */
type Kept = Cell<Entities> & { keeper?: (id: string, entity?: Entity | null) => void };

/** What only this protocol has in the config of docs/core-messages.md, and its presets. */
function configure(config: unknown[], { map, intervals, path }: Tools[11], fault: Tools[12]): void {
  if (path?.includes("{id}")) throw fault("path", "no {id}");
  config[0] ??= "/";
  // Jobs are read over HTTP only where an address is given.
  config[2] ??= config[1] ? 3000 : 0;
  // Without end.
  config[4] ??= 1e9;
  config[6] ??= 30_000;
  // Nothing says that a server has a heartbeat.
  config[12] ??= 0;
  config[25] = 1;
  config[28] = JSON.stringify(map?.fields);
  config[29] = JSON.stringify(map?.events);
  // Analytics name nothing that they are about: the least interval has the last of them told once a frame.
  const given: Record<string, number | undefined> = intervals ?? {};
  const { metric_update = 1000, analytics_updated = 1, ...others } = given;
  config[30] = JSON.stringify({ metric_update, analytics_updated, ...others });
}

/** Has a client speak `broadcast`: changes its config, and records of docs/core-messages.md. */
export function equip(...all: Given): void {
  const [, config, , records, , , , deliver, , , ...tools] = all;
  const [, , toKnownPayload, , given, , toJob, toMeta, , entities, frames, options, fault] = tools;
  /** Takes entities of a kind in, or forgets them; tells of that once a frame, in a new map. */
  function keep(cell: Cell<Entities>) {
    /** Ids, that of the entity which changed last at the end. */
    const order = new Set(cell.current.keys());
    let draft: Map<string, Entity> | undefined;
    const tell = () => {
      if (draft) cell.set(draft);
      draft = undefined;
    };
    const change = () => {
      frames.add(tell);
      return (draft ??= new Map(cell.current));
    };
    return function update(id: string, entity?: Entity | null): unknown {
      if (!entity) return order.delete(id) && change().delete(id);
      const known = (draft ?? cell.current).get(id);
      // Whoever follows anew is told of all there are.
      if (known?.updatedAt === entity.updatedAt && JSON.stringify(known) === JSON.stringify(entity)) return;
      order.delete(id);
      order.add(id);
      const [oldest = ""] = order;
      // As many as the core keeps.
      if (order.size > 50_000) update(oldest);
      return change().set(id, entity);
    };
  }

  /** The end of a job that a read found, as the server's own event would have told it; else as elsewhere. */
  const hearOwn = records[7];
  function hearEnd(event: string, values: never[], ...origin: Parameters<typeof toMeta>): void {
    if (!/job/.test(event)) return hearOwn?.(...([event, values, ...origin] as never[]));
    const {
      id: jobId,
      counts,
      error,
      stage: phase,
      status,
      message,
      resultUrl,
      unsafeResultUrl,
      durationSeconds,
    } = toJob(...(values as unknown as JobFields));
    const payload = {
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
    deliver(event, given(payload), toMeta(...origin));
  }

  configure(config, options, fault);
  records[7] = hearEnd;
  records[11] = (...[kind, id, status, previousStatus, updatedAt, from, told]: EntityFields) => {
    const cell: Kept | undefined = entities.get(kind);
    if (!cell) return;
    const { source } = toMeta(0, 0, from, null, null);
    const data = toKnownPayload(told);
    const entity = told && given<Entity>({ id, kind, status, previousStatus, updatedAt, source, data });
    (cell.keeper ??= keep(cell))(id, entity);
  };
}
