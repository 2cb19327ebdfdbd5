/**
 * A page of examples/react, `?page=` says which, with its client at hand: a test can take the page away and look at what
 * is left in the client. Nothing here judges anything.
 */
import type { JobsClient } from "jobwire";
import { JobsProvider } from "jobwire/react";
import { StrictMode } from "react";
import type { ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { App as Images } from "../../../../examples/react/src/images/app";
import { createImagesClient } from "../../../../examples/react/src/images/client";
import { createJournal } from "../../../../examples/react/src/journal";
import { App as Playlists } from "../../../../examples/react/src/playlists/app";
import { createPlaylistsClient } from "../../../../examples/react/src/playlists/client";
import { App as Songs } from "../../../../examples/react/src/songs/app";
import { clientAt, writeTo } from "../../../../examples/react/src/songs/clients";
import { LikedSongsProvider } from "../../../../examples/react/src/songs/context/LikedSongsProvider";
import { SERVER } from "../../../../examples/react/src/songs/settings";

const journal = createJournal();

const PAGES: Record<string, () => { client: JobsClient; page: ReactNode }> = {
  images: () => ({ client: createImagesClient(journal), page: <Images journal={journal} /> }),
  playlists: () => ({ client: createPlaylistsClient(journal), page: <Playlists journal={journal} /> }),
  songs: () => {
    writeTo(journal);
    const page = (
      <LikedSongsProvider>
        <Songs journal={journal} />
      </LikedSongsProvider>
    );
    return { client: clientAt(SERVER), page };
  },
};

const made = PAGES[new URLSearchParams(location.search).get("page") ?? ""]?.();
const element = document.getElementById("root");
if (made && element) {
  const { client, page } = made;
  const auditBefore = await client.audit();
  const root = createRoot(element);
  root.render(
    <StrictMode>
      <JobsProvider client={client}>{page}</JobsProvider>
    </StrictMode>,
  );
  Object.assign(window, { client, auditBefore, leave: () => root.unmount() });
}
