/** What a server reports beside jobs, by kind and id; and jobs in the same shape. broadcast.ts fills the former. */
import type { Jobs } from "../jobs/jobs.js";
import { Post } from "../wire/messages.js";
import type { Core } from "../wire/messages.js";
import type { Guard } from "../store/report.js";
import { createCell, Want } from "../store/store.js";
import type { Cell } from "../store/store.js";
import type { Entity, Job } from "../types.js";

export type Entities = ReadonlyMap<string, Entity>;

const jobEntities = new WeakMap<Job, Entity>();

/** A job as an entity, the same one while nothing in it changes, behind its id. */
function toEntity(job: Job): [string, Entity] {
  const { id, status, updatedAt, source } = job;
  let entity = jobEntities.get(job);
  if (!entity) jobEntities.set(job, (entity = { id, kind: "job", status, updatedAt, source, data: job }));
  return [id, entity];
}

/** Follows the entities of a kind while somebody subscribes. */
export function createEntityCell(kind: string, guard: Guard, jobs: Jobs, post?: Core): Cell<Entities> {
  let leave = () => {};
  const cell = createCell<Entities>(new Map(), guard, (how) => {
    // Nobody says when he has looked for the last time.
    if (how === Want.Looked) return;
    if (kind !== "job") return post?.(Post.WatchEntities, +!!how, kind);
    leave();
    if (how) leave = jobs.list().subscribe((all) => cell.set(new Map(all.map(toEntity))));
  });
  return cell;
}
