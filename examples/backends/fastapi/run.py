"""Starts the whole back-end with one command and stops it cleanly: `python run.py --port 8000`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from settings import SettingsError, load

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "launcher"))

from access import allow_host  # noqa: E402
from processes import Child, Processes, run  # noqa: E402


async def _start(processes: Processes, options: argparse.Namespace) -> str:
    """Starts what the options ask for; what the `ready` line tells."""
    url = await processes.redis(None if options.only == "redis" else options.redis_url, options.redis_port)
    where = url
    env = allow_host({**os.environ, "JOBWIRE_REDIS_URL": url}, options.host)
    if options.only in (None, "web"):
        listener = processes.listen(options.host, options.port)
        env["JOBWIRE_LISTEN_FD"] = str(listener.fileno())
        for number in range(1, options.workers + 1):
            command = [sys.executable, str(HERE / "app.py")]
            processes.start(Child(f"web {number}", command, env, listener.fileno()))
        where = f"http://{options.host}:{listener.getsockname()[1]}"
    if options.only in (None, "worker"):
        for number in range(1, options.job_workers + 1):
            processes.start(Child(f"worker {number}", [sys.executable, str(HERE / "worker.py")], env))
        where = where if options.only is None else "worker"
    await processes.until_ready()
    return where


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--port", type=int, default=8000, help="0 lets the system choose; the ready line tells it"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument(
        "--workers", type=int, default=2, metavar="N", help="web processes on the port (default 2)"
    )
    parser.add_argument(
        "--job-workers", type=int, default=2, metavar="N", help="worker processes (default 2)"
    )
    parser.add_argument("--redis-url", help="use this Redis instead of starting a private one")
    parser.add_argument(
        "--redis-port", type=int, default=0, help="port of the private Redis (default: any free one)"
    )
    parser.add_argument("--only", choices=("web", "worker", "redis"), help="run this part alone")
    options = parser.parse_args(arguments)
    if options.only in ("web", "worker") and not options.redis_url:
        parser.error(f"--only {options.only} needs the Redis that the other parts use: add --redis-url")
    if min(options.workers, options.job_workers) < 1:
        parser.error("--workers and --job-workers must be at least 1")
    return options


def main() -> int:
    options = _options(sys.argv[1:])
    try:
        load()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    return run(lambda processes: _start(processes, options))


if __name__ == "__main__":
    sys.exit(main())
