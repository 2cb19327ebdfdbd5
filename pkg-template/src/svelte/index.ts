/** The same for Svelte 5: reactive `current` over `createSubscriber`, and a `subscribe` for the `$store` syntax. */
import { getContext, onDestroy, onMount, setContext } from "svelte";
import { createSubscriber } from "svelte/reactivity";
import { JobsClient } from "../index.js";
import { leaseChannel } from "../channels/lease.js";
import type {
  Channel,
  ConnectionStatus,
  Entity,
  EventSchemas,
  EventsOf,
  Job,
  JobEvents,
  JobFilter,
  JobsClientOptions,
  Listener,
  Listening,
  OptionsWith,
  Store,
} from "../index.js";

const KEY = Symbol("jobwire");

/** A plain value, or a function of reactive state, e.g. `() => props.id`. */
export type Source<T> = T | (() => T);

/**
 * Gives a client to the components below. Made from options it is closed with the component that provides it; a client
 * given stays the giver's to close.
 */
export function provideJobs<Schemas extends EventSchemas>(
  options: OptionsWith<Schemas>,
): JobsClient<EventsOf<Schemas>>;
export function provideJobs<Events = JobEvents>(
  source: JobsClient<Events> | JobsClientOptions<Events>,
): JobsClient<Events>;
export function provideJobs<Events = JobEvents>(
  source: JobsClient<Events> | JobsClientOptions<Events>,
): JobsClient<Events> {
  if (source instanceof JobsClient) return setContext(KEY, source as JobsClient<Events>);
  const client = new JobsClient(source as JobsClientOptions<Events>);
  onDestroy(() => client.close());
  return setContext(KEY, client);
}

/** The client provided above this component. */
export function useJobsClient<Events = JobEvents>(): JobsClient<Events> {
  const client = getContext<JobsClient<Events> | undefined>(KEY);
  if (!client) throw new Error("No client is provided: call provideJobs() in a component above this one.");
  return client;
}

/** A store whose `current` is reactive; the store follows what its source gives. */
function reactive<S, T>(
  source: Source<S>,
  same: (value: S) => unknown,
  open: (value: S) => Store<T>,
): Store<T> {
  let key: unknown = NaN;
  let store!: Store<T>;
  let track!: () => void;
  const look = () => {
    const value = typeof source === "function" ? (source as () => S)() : source;
    const next = same(value);
    if (next === key) return store;
    key = next;
    const opened = (store = open(value));
    track = createSubscriber((update) => {
      let told = false;
      // The first call comes at once and tells what the effect has just read.
      const undo = opened.subscribe(() => told && update());
      told = true;
      return undo;
    });
    return store;
  };
  return {
    get current() {
      const now = look();
      track();
      return now.current;
    },
    subscribe: (listener) => look().subscribe(listener),
  };
}

/** The job, followed while something reads `current` in an effect or a template. */
export function useJob(id: Source<string>): Store<Job> {
  const client = useJobsClient();
  return reactive(id, String, (value) => client.job(value));
}

/** The known jobs that pass the filter, which is compared by value, its predicate by identity. */
export function useJobs(filter: Source<JobFilter> = {}): Store<readonly Job[]> {
  const client = useJobsClient();
  let last: unknown;
  let version = 0;
  const same = ({ predicate, ...plain }: JobFilter) => {
    if (predicate !== last) version++;
    last = predicate;
    return JSON.stringify([plain, version]);
  };
  return reactive(filter, same, (value) => client.jobs(value));
}

/** `broadcast`: the entities of a kind by id, followed while something reads `current` in an effect or a template. */
export function useEntities(kind: Source<string>): Store<ReadonlyMap<string, Entity>> {
  const client = useJobsClient();
  return reactive(kind, String, (value) => client.entities(value));
}

const always = <T>(store: Store<T>): Store<T> =>
  reactive(
    0,
    () => 0,
    () => store,
  );

/** The state of the connection, or of a channel. */
export function useConnection(channel?: Pick<Channel, "connection">): Store<ConnectionStatus> {
  return always((channel ?? useJobsClient()).connection);
}

/**
 * Listens while the component is mounted, in the browser only; to a client or channel where one is given.
 *
 * Names and payloads are those of the given client, the built-in ones without. For events of your own where none is
 * given, name both, `useJobEvents<My, "mine">("mine", …)` (TypeScript infers all or nothing), or say it once for all:
 * `const useMyEvents: UseJobEvents<My> = useJobEvents`.
 */
export function useJobEvents<Events = JobEvents, K extends keyof Events = keyof Events>(
  event: K,
  handler: Listener<Events[K]>,
  source?: JobsClient<Events> | Channel<Events> | Listening<Events>,
): void {
  const channel = source ?? useJobsClient<Events>();
  onMount(() => channel.on(event, handler));
}

/**
 * A channel of the client, where the protocol has channels; open while the component is mounted. Its
 * `connection.current` is reactive, and what is listened to through it ends with the component.
 */
export function useChannel<Events = JobEvents>(name: string): Channel<Events> {
  const { channel, hold } = leaseChannel(useJobsClient<Events>(), name);
  onMount(() => hold());
  return { ...channel, connection: always(channel.connection) };
}
