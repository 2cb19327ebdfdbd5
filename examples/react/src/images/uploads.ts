/** The images of the page. */

/**
 * An image is sent once the socket of its session is open, so that none of its progress is missed. It is resumed where
 * that socket was lost since and came back: a server that tells nothing twice may have told its end meanwhile.
 */
export type Phase = "waiting" | "sending" | "accepted" | "resumed" | "unsent";

export interface Upload {
  /** Of the card; an upload that is tried again keeps it. */
  readonly key: string;
  /** A new one each time the upload is tried. */
  readonly sessionId: string;
  /** Its place in the line for sockets: lower ones come first. */
  readonly turn: number;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** An object URL of the file. */
  readonly preview: string;
  readonly phase: Phase;
  /** Why it was not sent. */
  readonly problem?: string | undefined;
}

export type UploadAction =
  | { type: "added"; uploads: readonly Upload[] }
  | { type: "moved"; sessionId: string; phase: Phase; problem?: string }
  | { type: "again"; key: string; sessionId: string; turn: number }
  | { type: "removed"; key: string };

/** Newest first. */
export function reduceUploads(uploads: readonly Upload[], action: UploadAction): readonly Upload[] {
  switch (action.type) {
    case "added":
      return [...action.uploads, ...uploads];
    case "moved": {
      const { sessionId, phase, problem } = action;
      return uploads.map((upload) =>
        upload.sessionId === sessionId ? { ...upload, phase, problem } : upload,
      );
    }
    case "again": {
      const { key, sessionId, turn } = action;
      return uploads.map((upload) =>
        upload.key === key ? { ...upload, sessionId, turn, phase: "waiting", problem: undefined } : upload,
      );
    }
    case "removed":
      return uploads.filter(({ key }) => key !== action.key);
  }
}

/** How many wait for a socket before this one. */
export const waitingBefore = ({ turn }: Upload, uploads: readonly Upload[]) =>
  uploads.filter((other) => other.phase === "waiting" && other.turn < turn).length;
