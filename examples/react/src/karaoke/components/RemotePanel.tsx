import { useState } from "react";

/** The address of this page's remote. */
function remoteAddress(): string {
  const address = new URL(location.href);
  address.searchParams.set("view", "remote");
  return address.href;
}

/** The way to the phone's view; here it can be seen as a second screen. */
export function RemotePanel() {
  const [isOpen, setIsOpen] = useState(false);
  const address = remoteAddress();
  return (
    <section className="panel" aria-labelledby="remote-heading">
      <div className="panel-head">
        <h2 id="remote-heading">Remote</h2>
        <a href={address} target="_blank" rel="noreferrer">
          Open it<span className="visually-hidden"> in a new tab</span>
        </a>
      </div>
      <p className="hint">
        The controls alone, made for a phone: a screen of its own, in step with this one.
      </p>
      <details onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}>
        <summary>Show it here</summary>
        {isOpen && <iframe className="remote-frame" src={address} title="Remote" />}
      </details>
    </section>
  );
}
