/** What client.js puts into its page, beside `client` and `begin`, which the pages of tests/e2e have as well. */
interface Outcome {
  result?: any;
  error?: any;
}
interface Heard {
  statuses: Record<string, any[]>;
  events: { at: string; event: string; payload: any; args?: any; channel?: string; invalid?: string }[];
  logs: { level: string; code: string; message: string }[];
  tokens: { reason: string; given: string }[];
  replies: string[];
}
interface Window {
  heard: Heard;
  answer(...args: any[]): { data?: unknown; options?: object } | null;
  at(namespace: string): any;
  join(namespace: string): void;
  send(namespace: string, event: string, data?: unknown, options?: object): Promise<Outcome>;
  request(namespace: string, event: string, data?: unknown, options?: object): Promise<Outcome>;
  sendNumbers(namespace: string, from: number, to: number, options?: object): Promise<Record<string, number>>;
}
