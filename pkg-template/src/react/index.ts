"use client";
/** React hooks over the stores of a client. Safe under StrictMode, fast refresh and server rendering. */
import {
  createContext,
  createElement,
  useContext,
  useEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import type { ReactNode } from "react";
import { JobsClient, unknownJob } from "../index.js";
import { leaseChannel } from "../channels/lease.js";
import type {
  Channel,
  ConnectionStatus,
  Entity,
  EventSchemas,
  Job,
  JobEvents,
  JobFilter,
  JobsClientOptions,
  Listener,
  Listening,
  OptionsWith,
  Store,
} from "../index.js";

type AnyClient = JobsClient<JobEvents>;

/** How long in ms what is unmounted keeps its client or channel: StrictMode and fast refresh mount again sooner. */
const LINGER = 1000;
const NO_JOBS: readonly Job[] = [];
const NO_ENTITIES: ReadonlyMap<string, Entity> = new Map();
const IDLE: ConnectionStatus = { state: "idle", attempt: 0, everConnected: false };

const Context = createContext<AnyClient | undefined>(undefined);

const noUndo = () => {};

export type JobsProviderProps<Events = JobEvents> = { children?: ReactNode } & (
  | { client: JobsClient<Events>; options?: undefined }
  | { options: JobsClientOptions<Events> | OptionsWith<EventSchemas>; client?: undefined }
);

/**
 * Gives a client to the hooks below it. With `options` it makes the client once (later options are not looked at) and
 * closes it when it is really unmounted; a `client` given stays the giver's to close.
 */
export function JobsProvider<Events = JobEvents>({
  client,
  options,
  children,
}: JobsProviderProps<Events>): ReactNode {
  const [own, setOwn] = useState(() =>
    client ? undefined : new JobsClient(options as JobsClientOptions<Events>),
  );
  const closing = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(options as JobsClientOptions<Events> | undefined);
  useEffect(() => {
    latest.current = options as JobsClientOptions<Events> | undefined;
  });
  useEffect(() => {
    clearTimeout(closing.current);
    if (client || !latest.current) return noUndo;
    if (!own || own.connection.current.state === "closed") {
      // Shown again after it had been hidden for longer than the client was kept.
      setOwn(new JobsClient(latest.current));
      return noUndo;
    }
    return () => {
      closing.current = setTimeout(() => own.close(), LINGER);
    };
  }, [client, own]);
  return createElement(Context.Provider, { value: (client ?? own) as unknown as AnyClient }, children);
}

/** The client of the nearest provider. */
export function useJobsClient<Events = JobEvents>(): JobsClient<Events> {
  return clientOf(useContext(Context));
}

function clientOf<Events>(client: AnyClient | undefined): JobsClient<Events> {
  if (!client)
    throw new Error("There is no JobsProvider above this component: wrap the app in <JobsProvider>.");
  return client as unknown as JobsClient<Events>;
}

const useStore = <T>(store: Store<T>, server: T): T =>
  useSyncExternalStore(
    store.subscribe,
    () => store.current,
    () => server,
  );

/** The job, followed while the component is mounted. Without an id: `undefined`, and nothing is followed. */
export function useJob(id: string): Job;
export function useJob(id: string | null | undefined): Job | undefined;
export function useJob(id: string | null | undefined): Job | undefined {
  const client = useJobsClient();
  const [store, initial] = useMemo((): [Store<Job | undefined>, Job | undefined] => {
    if (id) return [client.job(id), unknownJob(id)];
    return [{ current: undefined, subscribe: () => noUndo }, undefined];
  }, [client, id]);
  return useStore(store, initial);
}

/** The known jobs that pass the filter, which is compared by value; a predicate may be a new function every time. */
export function useJobs(filter: JobFilter = {}): readonly Job[] {
  const client = useJobsClient();
  const { predicate, ...plain } = filter;
  const key = JSON.stringify(plain);
  const store = useMemo(() => client.jobs(JSON.parse(key) as JobFilter), [client, key]);
  const selected = useRef<readonly Job[]>(NO_JOBS);
  return useSyncExternalStore(
    store.subscribe,
    () => {
      const all = store.current;
      if (!predicate) return all;
      const found = all.filter(predicate);
      const last = selected.current;
      if (found.length !== last.length || found.some((job, i) => job !== last[i])) selected.current = found;
      return selected.current;
    },
    () => NO_JOBS,
  );
}

/** `broadcast`: the entities of a kind by id, followed while the component is mounted. */
export function useEntities(kind: string): ReadonlyMap<string, Entity> {
  const client = useJobsClient();
  const store = useMemo(() => {
    const entities = client.entities(kind);
    let last: ReadonlyMap<string, Entity> | undefined;
    return {
      // Who looks follows, and React looks once more at what it has left.
      get current() {
        return (last ??= entities.current);
      },
      subscribe: (listener: (now: ReadonlyMap<string, Entity>) => void) =>
        entities.subscribe((now) => listener((last = now))),
    };
  }, [client, kind]);
  return useStore(store, NO_ENTITIES);
}

/** The state of the connection, or of a channel. */
export function useConnection(channel?: Pick<Channel, "connection">): ConnectionStatus {
  const client = useJobsClient();
  return useStore((channel ?? client).connection, IDLE);
}

/**
 * Calls the latest handler for every event, of a client or channel where one is given, which needs no provider; a new
 * handler does not listen anew.
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
  const provided = useContext(Context);
  const channel = source ?? clientOf<Events>(provided);
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  useEffect(() => channel.on(event, (payload, meta) => latest.current(payload, meta)), [channel, event]);
}

/**
 * A channel of the client, where the protocol has channels; open while the component is mounted. What is listened to
 * through it ends with the component.
 */
export function useChannel<Events = JobEvents>(name: string): Channel<Events> {
  const client = useJobsClient<Events>();
  const [shown, showAgain] = useReducer((count: number) => count + 1, 0);
  // Another one when it shows again after it had been hidden for longer than it was kept.
  const lease = useMemo(() => [leaseChannel(client, name), shown] as const, [client, name, shown])[0];
  useEffect(() => {
    if (!lease.isOver) return lease.hold(LINGER);
    showAgain();
    return noUndo;
  }, [lease]);
  return lease.channel;
}
