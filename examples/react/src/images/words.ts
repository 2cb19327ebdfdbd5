/** The connection's states in this page's words. */
import type { BadgeWords } from "../components/ConnectionBadge";
import { MAX_SOCKETS } from "./settings";

export const CONNECTION_SAYS: BadgeWords = {
  idle: "Nothing to follow; the next image opens a WebSocket.",
  open: `Up to ${MAX_SOCKETS} images have a WebSocket each; others wait for their turn.`,
};
