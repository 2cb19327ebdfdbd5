/** The connection's states in this page's words. */
import type { BadgeWords } from "../components/ConnectionBadge";

export const CONNECTION_SAYS: BadgeWords = {
  idle: "Nothing is connected; this page was told to be offline, or has just begun.",
  connecting: "Opening one connection for the queue and the performance.",
  open: "The queue and the performance share one connection; news arrives as it happens.",
  waiting: "The connection was lost. What is changed here meanwhile is sent when it is back.",
  polling: "No connection; running jobs are read over HTTP, and the client keeps trying.",
};
