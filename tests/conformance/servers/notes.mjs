/** What a conformance server saw, and what a test asked of it for the moment. */
export class Notes {
  /** Namespace, event and arguments of all that came, in order. @type {unknown[][]} */
  arrived = [];
  /** @type {{ namespace: string, auth: unknown, recovered: boolean }[]} */
  connects = [];
  /** @type {{ namespace: string, reason: string }[]} */
  disconnects = [];
  /** What `/auth` takes. */
  tokens = ["good"];
  /** How long in ms the first answer of Engine.IO is held back. */
  handshakeDelay = 0;
  /** How long in ms a poll is held back. */
  pollDelay = 0;
  /** Connections of the test before, which may end late: what they do is not noted. @type {Set<string>} */
  old = new Set();

  /** @param {Iterable<string>} connections those that there are */
  forget(connections) {
    Object.assign(this, new Notes(), { old: new Set(connections) });
  }
}
