/** What hostile.js and the attacks put into their page. */
interface Window {
  client: any;
  isReady: boolean;
  logs: Record<string, number>;
  /** ms of the longest task, and bytes that waited in a socket at most. */
  longest: number;
  mostBuffered: number;
  /** How a good job ended. */
  good: Promise<string>;
  begin(options: object): Promise<void>;
  wasmBytes(): number;
}
