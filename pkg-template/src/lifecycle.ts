/** What happens to the page, as messages to the core. Works without a document. */

/** The messages `wake`, `hidden` and `suspend`. */
export type PageMessage = (message: "wake" | "hidden" | "suspend", argument?: string | boolean) => void;

const page = () => globalThis.document as Document | undefined;

export const isHidden = () => page()?.visibilityState === "hidden";

/** Tells until the undo is called. */
export function watchPage(tell: PageMessage): () => void {
  const onEvent = ({ type }: Event) => {
    if (type === "pagehide" || type === "freeze") return tell("suspend");
    if (type !== "visibilitychange") return tell("wake", type);
    tell("hidden", isHidden());
    if (!isHidden()) tell("wake", "visible");
  };
  const each = (change: "addEventListener" | "removeEventListener") => {
    for (const type of ["pageshow", "pagehide", "online", "focus"]) globalThis[change]?.(type, onEvent);
    for (const type of ["visibilitychange", "freeze", "resume"]) page()?.[change](type, onEvent);
  };
  each("addEventListener");
  return () => each("removeEventListener");
}
