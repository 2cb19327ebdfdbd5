import { bytes } from "../../words";
import { useLikedSongs } from "../context/LikedSongsContext";
import type { Song } from "../likedSongs";
import { analysisInWords, SONG_WORDS } from "../words";

/** Every liked song with its own status. */
export function SongList() {
  const { songs } = useLikedSongs();
  return (
    <ul className="songs">
      {songs.map((song) => (
        <SongRow key={song.key} song={song} />
      ))}
    </ul>
  );
}

function SongRow({ song: { name, size, status, trackId, error, analysis } }: { song: Song }) {
  return (
    <li className="song" data-song={name} data-track-id={trackId} data-status={status}>
      <span className="song-name" title={name}>
        {name}
      </span>
      <span className="card-size">{bytes(size)}</span>
      <span className="pill">{SONG_WORDS[status]}</span>
      {(error ?? analysis) && (
        <p className={error ? "card-problem" : "song-facts"}>
          {error ?? (analysis && analysisInWords(analysis))}
        </p>
      )}
    </li>
  );
}
