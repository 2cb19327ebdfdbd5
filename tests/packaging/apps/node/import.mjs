/** Follows a job and prints what it is told: `node import.mjs SERVER JOB`. */
import { JobsClient } from "jobwire";

const [server, job] = process.argv.slice(2);
const client = new JobsClient({ url: server, protocol: "stream" });
const handle = client.job(job);
const show = () =>
  console.log(handle.current.status, handle.current.progress, client.connection.current.transport);
handle.subscribe(show);
client.connection.subscribe(show);
await handle.done();
client.close();
