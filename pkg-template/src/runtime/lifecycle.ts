/** What happens to the page, as messages to the core. Works without a document. */
import { Post } from "../wire/messages.js";
import type { Core } from "../wire/messages.js";

/** What wakes the core, by number. */
const WAKES = ["visible", "pageshow", "resume", "online", "focus"];

const page = () => globalThis.document as Document | undefined;

export const isHidden = () => page()?.visibilityState === "hidden";

/** Tells until the undo is called. */
export function watchPage(tell: Core): () => void {
  const onEvent = ({ type }: Event) => {
    if (type === "pagehide" || type === "freeze") return tell(Post.Suspend);
    if (type !== "visibilitychange") return tell(Post.Wake, WAKES.indexOf(type));
    tell(Post.Hidden, +isHidden());
    if (!isHidden()) tell(Post.Wake, 0);
  };
  const each = (change: "addEventListener" | "removeEventListener") => {
    for (const type of ["pageshow", "pagehide", "online", "focus"]) globalThis[change]?.(type, onEvent);
    for (const type of ["visibilitychange", "freeze", "resume"]) page()?.[change](type, onEvent);
  };
  each("addEventListener");
  return () => each("removeEventListener");
}
