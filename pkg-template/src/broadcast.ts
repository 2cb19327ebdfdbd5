/** What of the facade only the protocol `broadcast` needs. It is loaded with the core, and given what it works with. */
import type { Entities, Tools } from "./client.js";
import { Post } from "./messages.js";
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

/** What only this protocol has in the config of docs/core-messages.md, and its presets. */
function configure(config: unknown[], { map, intervals, path }: Tools[10], fault: Tools[11]): void {
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
  const { metric_update = 1000, ...others }: Record<string, number | undefined> = intervals ?? {};
  config[30] = JSON.stringify({ metric_update, ...others });
}

/**
 * Has a client speak `broadcast`: changes its config, and records of docs/core-messages.md. Returns what is to be called
 * when somebody follows entities of a kind.
 */
export function equip(...all: Given): (kind: string) => void {
  const [, config, , records, , , ask, deliver, , , ...tools] = all;
  const [, , camelized, given, , toJob, toMeta, , entities, frames, options, fault] = tools;
  /** By kind; the core knows no others than its own. */
  const keepers: Record<string, ReturnType<typeof keep>> = {};

  /**
   * Takes entities of a kind in, or forgets them; tells of that once a frame, in a new map. Without an id: somebody follows
   * them anew.
   */
  function keep(cell: Cell<Entities>) {
    let draft: Map<string, Entity> | undefined;
    let isNew = false;
    /** Ids that the core has told of since somebody follows, that of the entity which was told last at the end. */
    let told = new Set<string>();
    /** The same, once what it tells is all there are: others it has forgotten while nobody followed. */
    let all: Set<string> | undefined;
    let isAll = false;

    const tell = () => {
      if (draft && isAll && told.size < draft.size)
        for (const [id] of draft) if (!told.has(id)) isNew = draft.delete(id);
      if (draft && isNew) cell.set(draft);
      draft = undefined;
      isNew = false;
    };
    return function update(id?: string, entity?: Entity | null): unknown {
      if (!id) {
        const since = (told = new Set());
        isAll = false;
        // What is under way is not all of it; what comes behind an answer is.
        ask(Post.Audit).then(
          () => (all = since),
          () => {},
        );
        return;
      }
      frames.add(tell);
      draft ??= new Map(cell.current);
      isAll = all === told;
      told.delete(id);
      const known = draft.get(id);
      if (!entity) return draft.delete(id) && (isNew = true);
      told.add(id);
      const [oldest] = told;
      // As many as the core keeps.
      if (told.size > 50_000) update(oldest);
      // Whoever follows anew is told of all there are.
      if (known?.updatedAt === entity.updatedAt && JSON.stringify(known) === JSON.stringify(entity)) return;
      isNew = true;
      return draft.set(id, entity);
    };
  }

  function take(kind: string, id: string, entity?: Entity | null): void {
    const cell = entities.get(kind);
    if (cell) (keepers[kind] ??= keep(cell))(id, entity);
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
      durationSeconds,
    };
    deliver(event, given(payload), toMeta(...origin));
  }

  configure(config, options, fault);
  records[7] = hearEnd;
  const hearJob = records[0];
  records[0] = (...fields) => {
    hearJob?.(...fields);
    const data = toJob(...(fields as unknown as JobFields));
    const { id, status, updatedAt, source } = data;
    take("job", id, { id, kind: "job", status, updatedAt, source, data });
  };
  records[11] = (...[kind, id, status, previousStatus, updatedAt, from, told]: EntityFields) => {
    const { source } = toMeta(0, 0, from, null, null);
    const data = camelized(told);
    take(kind, id, told && given<Entity>({ id, kind, status, previousStatus, updatedAt, source, data }));
  };
  return (kind) => keepers[kind]?.();
}
