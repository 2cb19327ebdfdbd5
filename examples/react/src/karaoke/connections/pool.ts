/**
 * One connection to a server for everything on the page. Whoever needs a channel takes it here and gives it back; the
 * connection is opened for the first and closed a moment after the last.
 */
import type { Channel, JobsClient } from "jobwire";

/** One user's share of a channel. */
export interface Lease {
  readonly channel: Channel;
  /** Gives it back: listeners that were added through this channel are gone. Again is harmless. */
  release(): void;
}

export class ConnectionPool {
  readonly #make: () => JobsClient;
  readonly #graceMs: number;
  readonly #leases = new Map<Lease, string>();
  #client: JobsClient | undefined;
  #closing: ReturnType<typeof setTimeout> | undefined;

  /** `make` makes the client, which does not connect before it is used. */
  constructor(make: () => JobsClient, graceMs: number) {
    this.#make = make;
    this.#graceMs = graceMs;
  }

  /** The client that all channels share, for those who look into it. Another one after the pool has closed it. */
  get client(): JobsClient {
    return (this.#client ??= this.#make());
  }

  /** How many users there are. */
  get users(): number {
    return this.#leases.size;
  }

  /** The channel of a namespace, opened if nobody has it yet. */
  getConnection(name: string): Lease {
    clearTimeout(this.#closing);
    if (this.#leases.size === 0) this.#connect();
    const channel = this.client.channel(name);
    const lease: Lease = {
      channel,
      release: () => {
        if (!this.#leases.delete(lease)) return;
        channel.close();
        if (this.#leases.size === 0) this.#closing = setTimeout(() => this.#closeClient(), this.#graceMs);
      },
    };
    this.#leases.set(lease, name);
    return lease;
  }

  /** Has a client that has given up, or was told to disconnect, connect again for its users. */
  reconnect(): void {
    if (this.#leases.size > 0) this.#connect();
  }

  /** Takes a channel from all its users. */
  close(name: string): void {
    for (const [lease, leased] of this.#leases) if (leased === name) lease.release();
  }

  /** Takes every channel from its users and closes the connection at once. */
  closeAll(): void {
    for (const lease of this.#leases.keys()) lease.release();
    clearTimeout(this.#closing);
    this.#closeClient();
  }

  #connect(): void {
    // Why it fails is in the state of the connection, which everybody can see.
    this.client.connect().catch(() => {});
  }

  #closeClient(): void {
    this.#client?.close();
    this.#client = undefined;
  }
}
