"use client";
import { JobsProvider, useConnection, useJob } from "jobwire/react";
import { use, useEffect } from "react";

function Shown({ id }) {
  const { status, progress } = useJob(id);
  const { transport } = useConnection();
  useEffect(() => {
    if (status === "completed") document.title = status;
  }, [status]);
  return <output>{`${status} ${progress} ${transport}`}</output>;
}

/** Rendered on the server first, where the client is made and follows nothing. */
export default function Page({ searchParams }) {
  const { server, job, worker } = use(searchParams);
  const options = {
    url: server,
    protocol: "stream",
    worker: worker === "true",
    logger: ({ code, message }) => console.warn(`${code}: ${message}`),
  };
  return (
    <JobsProvider options={options}>
      <Shown id={job} />
    </JobsProvider>
  );
}
