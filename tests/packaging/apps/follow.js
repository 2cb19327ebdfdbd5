/** The page of every app: it follows the job that its address names, and shows how far that is, and over what. */
import { JobsClient } from "jobwire";

const { server, job, worker, share } = Object.fromEntries(new URLSearchParams(location.search));

const client = new JobsClient({
  url: server,
  protocol: "stream",
  worker: worker === "true",
  shareAcrossTabs: share === "true",
  logger: ({ code, message }) => console.warn(`${code}: ${message}`),
});
const handle = client.job(job);

function show() {
  const { status, progress } = handle.current;
  document.querySelector("output").textContent =
    `${status} ${progress} ${client.connection.current.transport}`;
}
handle.subscribe(show);
client.connection.subscribe(show);

handle.done().then(({ status }) => {
  document.title = status;
  client.close();
});
