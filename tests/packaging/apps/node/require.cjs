/** The same without `import`: `node require.cjs SERVER JOB`. */
const { JobsClient } = require("jobwire");

const [server, job] = process.argv.slice(2);
const client = new JobsClient({ url: server, protocol: "stream" });
const handle = client.job(job);
const show = () =>
  console.log(handle.current.status, handle.current.progress, client.connection.current.transport);
handle.subscribe(show);
client.connection.subscribe(show);
handle.done().then(() => client.close());
