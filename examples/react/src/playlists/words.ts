/** The connection's states in this page's words. */
import type { BadgeWords } from "../components/ConnectionBadge";

export const CONNECTION_SAYS: BadgeWords = {
  idle: "Nothing is listened to.",
  open: "One WebSocket tells of every job, track and playlist.",
  polling: "Jobs are read over HTTP every 3 s until the WebSocket opens again.",
};

export const count = new Intl.NumberFormat("en");
