/** What client.js puts into its page. */
interface Seen {
  states: any[];
  events: { event: string; payload: any; meta: any }[];
  logs: { level: string; code: string; message: string; jobId?: string }[];
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
  performanceStates?: any[];
  begin(options: object): void;
  follow(id: string): () => void;
  upload(url: string, body: string): Promise<string>;
}
