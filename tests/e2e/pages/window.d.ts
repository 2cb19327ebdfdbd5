/** What client.js and the tests put into their pages. */
interface Seen {
  states: any[];
  events: { event: string; payload: any; meta: any }[];
  logs: { level: string; code: string; message: string; at: number; jobId?: string }[];
  jobs: Record<string, any[]>;
  tokens: { reason: string; given: string }[];
  results: Record<string, any>;
}
interface Window {
  seen: Seen;
  sockets: { now: number; most: number };
  client: any;
  /** Set by tests that look for them again. */
  kept?: string;
  stoodStill?: boolean;
  /** How many forgeries were posted: counted by tabs-forged.test.mjs. */
  forged: number;
  /** What a page does when its core has died, and noted of it: by client-dead-core.test.mjs. */
  dead: any;
  performanceStates?: any[];
  /** Waits between attempts, and what tracks were in turn, by id: noted by songs.test.mjs. */
  waits: { attempt: number; ms: number }[];
  courses: Record<string, string[]>;
  /** Stages of jobs in turn, by id: noted by playlists.test.mjs. */
  stages: Record<string, { status: string; stage: string }[]>;
  begin(options: object): void;
  follow(id: string): () => void;
  upload(url: string, body: string): Promise<string>;
  /** Of five.js. */
  five: {
    bars: Record<string, { percent?: number; text: string }[]>;
    clients: Record<string, any>;
    errors: { system: string; code: string; message: string }[];
    events: Record<string, { event: string; payload: any; jobId?: string }[]>;
    states: Record<string, { state: string; attempt: number }[]>;
    open(system: string, options: object): void;
    follow(system: string, id: string): void;
  };
  /** Of hooks/main.tsx. */
  lab: any;
  /** Of unmount/main.tsx: the table of events before the page was shown, and how it is left. */
  auditBefore: import("../../../pkg/index.js").AuditRow[];
  /** The same when it was left: noted by liked-songs.test.mjs. */
  auditAfter: import("../../../pkg/index.js").AuditRow[];
  leave(): void;
  /** What the queue of the karaoke page showed, by song: noted by support/karaoke.mjs. */
  queueSteps: Record<string, { at: number; status: string }[]>;
  /** The texts of a control, in order: noted by karaoke.test.mjs. */
  shownTexts: string[];
  /** What each phase of an enrichment was shown as, in turn: noted by playlists-page.test.mjs. */
  phases: Record<string, string[]>;
  /** What stood beside the bars of the images page: noted by support/images.mjs. */
  percents: Set<string>;
  /** Of playlists.js. */
  playlists: any;
  axe: any;
}
