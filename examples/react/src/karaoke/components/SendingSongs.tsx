import type { SentSong } from "../hooks/useSendSongs";

interface SendingSongsProps {
  songs: readonly SentSong[];
  onForget: (id: number) => void;
}

export function SendingSongs({ songs, onForget }: SendingSongsProps) {
  return (
    <ul className="sending">
      {songs.map(({ id, name, problem }) => (
        <li key={id} role={problem ? "alert" : undefined}>
          <span className={problem ? "card-problem" : undefined}>
            {problem ? `${name} was not sent: ${problem}` : `Sending ${name} …`}
          </span>
          {problem && (
            <button type="button" className="button" onClick={() => onForget(id)}>
              Dismiss<span className="visually-hidden"> {name}</span>
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
