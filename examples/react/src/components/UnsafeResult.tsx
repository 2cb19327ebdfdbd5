/** An address may be as long as a server likes. */
const SHOWN_CHARACTERS = 200;

interface UnsafeResultProps {
  job: { readonly unsafeResultUrl?: string };
}

/** What a server named as result and nobody should open: a text, never a link. */
export function UnsafeResult({ job: { unsafeResultUrl } }: UnsafeResultProps) {
  if (!unsafeResultUrl) return null;
  const isLong = unsafeResultUrl.length > SHOWN_CHARACTERS;
  return (
    <p className="card-problem" data-unsafe-result="">
      The result is not linked, as it is no web address:{" "}
      <code>{isLong ? `${unsafeResultUrl.slice(0, SHOWN_CHARACTERS)}…` : unsafeResultUrl}</code>
    </p>
  );
}
