import { stemUrl } from "../server";
import type { SongJob } from "../song";

interface DoneShelfProps {
  songs: readonly SongJob[];
  selectedId: string | undefined;
  onSelect: (id: string) => void;
}

/** The songs that can be played; they stay. */
export function DoneShelf({ songs, selectedId, onSelect }: DoneShelfProps) {
  return (
    <section className="panel" aria-labelledby="done-heading">
      <h2 id="done-heading">
        Done <span className="count">{songs.length}</span>
      </h2>
      {songs.length === 0 && <p className="empty">Songs that are ready to be sung are kept here.</p>}
      <ul className="shelf">
        {songs.map(({ id, title }) => (
          <li key={id} data-done-id={id}>
            <button
              type="button"
              className="shelf-song"
              aria-pressed={id === selectedId}
              onClick={() => onSelect(id)}
            >
              {title}
            </button>
            <a href={stemUrl(id, "vocals")} download>
              Vocals<span className="visually-hidden"> of {title} (WAV)</span>
            </a>
            <a href={stemUrl(id, "instrumental")} download>
              Instrumental<span className="visually-hidden"> of {title} (WAV)</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
