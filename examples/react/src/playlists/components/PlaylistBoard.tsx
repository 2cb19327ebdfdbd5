import { CountedHeading } from "../../components/CountedHeading";
import { ScrollTable } from "../../components/ScrollTable";
import type { Playlist } from "../playlists";
import { MOST_PLAYLISTS } from "../settings";
import { count } from "../words";

const COLUMNS = ["Playlist", "Followers", "Tracks", "Enriched", "Score", "Streams", "Actions"];

interface PlaylistBoardProps {
  playlists: readonly Playlist[];
  onEnrich: (playlist: Playlist) => void;
  onFollow: (playlist: Playlist) => void;
}

/** Every playlist with its live metrics and followers. */
export function PlaylistBoard({ playlists, onEnrich, onFollow }: PlaylistBoardProps) {
  const shown = playlists.slice(0, MOST_PLAYLISTS);
  return (
    <section className="panel" aria-labelledby="board-heading">
      <CountedHeading id="board-heading" title="Playlists" count={playlists.length} />
      {shown.length === 0 ? (
        <p className="empty">Nothing here yet. Each playlist of a CSV file becomes a line.</p>
      ) : (
        <ScrollTable label="Figures of each playlist" columns={COLUMNS} className="board">
          {shown.map((playlist) => (
            <PlaylistLine
              key={playlist.playlistId}
              playlist={playlist}
              onEnrich={onEnrich}
              onFollow={onFollow}
            />
          ))}
        </ScrollTable>
      )}
      {playlists.length > shown.length && <p className="hint">The first {MOST_PLAYLISTS} are shown.</p>}
    </section>
  );
}

type PlaylistLineProps = Omit<PlaylistBoardProps, "playlists"> & { playlist: Playlist };

function PlaylistLine({ playlist, onEnrich, onFollow }: PlaylistLineProps) {
  const { playlistId, name, followers, metrics, error } = playlist;
  return (
    <tr data-playlist-id={playlistId}>
      <th scope="row" title={playlistId}>
        {name}
        {error && <span className="card-problem"> {error}</span>}
      </th>
      <td data-figure="followers">{count.format(followers)}</td>
      <td data-figure="tracks">{count.format(metrics.trackCount)}</td>
      <td data-figure="enriched">{count.format(metrics.enriched)}</td>
      <td data-figure="score">{metrics.averageScore}</td>
      <td data-figure="streams">{count.format(metrics.totalStreams)}</td>
      <td>
        <button type="button" className="button" onClick={() => onFollow(playlist)}>
          Follow<span className="visually-hidden"> {name}</span>
        </button>{" "}
        <button type="button" className="button" onClick={() => onEnrich(playlist)}>
          Enrich<span className="visually-hidden"> {name}</span>
        </button>
      </td>
    </tr>
  );
}
