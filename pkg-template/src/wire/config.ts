/** The config of the core. Nothing else of the facade knows that the core reads it by place. */

/**
 * The members stand in the order of docs/core-messages.md. What is `undefined` takes the core's preset. Times are in ms,
 * flags 0 or 1.
 */
export interface CoreConfig {
  path: string | undefined;
  pollingUrl: string | undefined;
  /** 0: jobs are not read over HTTP. */
  interval: number | undefined;
  reconnectOff: number;
  attempts: number | undefined;
  baseDelay: number | undefined;
  maxDelay: number | undefined;
  /** Per mille. */
  jitter: number | undefined;
  minUptime: number | undefined;
  token: number;
  tokenIn: number | undefined;
  headers: number;
  heartbeat: number | undefined;
  timeout: number | undefined;
  maxSockets: number | undefined;
  linger: number | undefined;
  maxItems: number | undefined;
  maxBytes: number | undefined;
  maxAge: number | undefined;
  history: number | undefined;
  onInvalid: number;
  perSecond: number | undefined;
  burst: number | undefined;
  event: string | undefined;
  data: string | undefined;
  protocol: number;
  namespace: string | undefined;
  transports: number;
  /** JSON. */
  fields: string | undefined;
  events: string | undefined;
  intervals: string | undefined;
  /** The last one: the core reads all that follows as addresses. */
  urls: readonly (string | undefined)[];
}

export const encodeConfig = ({ urls, ...others }: CoreConfig): string =>
  JSON.stringify([...Object.values(others), ...urls]);
