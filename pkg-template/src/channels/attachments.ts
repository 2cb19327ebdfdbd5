/** Binary data within plain data: in the JSON a placeholder takes its place, and it goes beside it. */

interface Packed {
  json?: string | undefined;
  /** Why it cannot be sent. */
  fault?: unknown;
  /** Copies of what is binary, in the order of their numbers; a `Blob` has yet to be read. */
  parts: (ArrayBuffer | Blob)[];
}

/** A packet's limit. */
const MOST = 10;

/** By name: what comes from another frame is no instance of what is here. */
const isBinary = (value: unknown): value is Blob | ArrayBuffer | ArrayBufferView =>
  ArrayBuffer.isView(value) || / (Blob|File|(Shared)?ArrayBuffer)]/.test({}.toString.call(value));

export const isBlob = (value: object): value is Blob => "arrayBuffer" in value;

function copied(part: ArrayBuffer | ArrayBufferView): ArrayBuffer {
  const { buffer = part as ArrayBuffer, byteOffset, byteLength } = part as ArrayBufferView;
  return new Uint8Array(buffer, byteOffset, byteLength).slice().buffer;
}

/** A value as JSON, and what is binary in it, as both are now. */
export function pack(value: unknown): Packed {
  const parts: Packed["parts"] = [];
  try {
    const json = JSON.stringify(value, function (this: Record<string, unknown>, name, member: unknown) {
      // As it stands there: Node's buffers turn into lists by themselves.
      const given = this[name];
      if (isBinary(given)) {
        if (parts.length === MOST) throw `There are more than ${MOST} attachments.`;
        return { _placeholder: true, num: parts.push(isBlob(given) ? given : copied(given)) - 1 };
      }
      if ((member as { _placeholder?: unknown } | null | undefined)?._placeholder === true)
        throw "An object looks like the placeholder of an attachment.";
      return member;
    }) as string | undefined;
    return json === undefined && value !== undefined
      ? { parts, fault: "It is a function or a symbol." }
      : { parts, json };
  } catch (fault) {
    return { parts, fault };
  }
}
