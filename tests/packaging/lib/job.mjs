/** A job of the embedded server whose states the suite dictates. */

let jobs = 0;

/** @param {string} url @param {object} fields */
async function post(url, fields) {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(fields) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
}

/** @param {string} server */
export async function runningJob(server) {
  const id = `packaging-${++jobs}`;
  await post(`${server}/api/v1/_synthetic`, { job_id: id, status: "running", progress: 40 });
  return {
    id,
    complete: () => post(`${server}/api/v1/_synthetic/${id}`, { status: "completed", progress: 100 }),
  };
}
