"""Starts the whole back-end with one command and stops it cleanly: `python run.py --port 5000`."""

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
    """Starts what the options ask for; the addresses of the web processes."""
    url = await processes.redis(options.redis_url)
    env = allow_host({**os.environ, "JOBWIRE_REDIS_URL": url}, options.host)
    addresses = []
    for number in range(options.web if options.only != "worker" else 0):
        # A port each: a polling session belongs to one process, which a shared port could not tell.
        listener = processes.listen(options.host, options.port and options.port + number)
        command = [sys.executable, str(HERE / "web.py")]
        fd = listener.fileno()
        processes.start(Child(f"web {number + 1}", command, {**env, "JOBWIRE_LISTEN_FD": str(fd)}, fd))
        addresses.append(f"http://{options.host}:{listener.getsockname()[1]}")
    if options.only != "web":
        processes.start(Child("worker", [sys.executable, str(HERE / "worker.py")], env))
    await processes.until_ready()
    return " ".join(addresses) or "worker"


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--port",
        type=int,
        default=5000,
        help="of the first web process, the next one has the next; 0 lets the system choose",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--web", type=int, default=2, metavar="N", help="web processes (default 2)")
    parser.add_argument("--redis-url", help="use this Redis instead of starting a private one")
    parser.add_argument("--only", choices=("web", "worker"), help="run this part alone")
    options = parser.parse_args(arguments)
    if options.web < 1:
        parser.error("--web must be at least 1")
    if options.only and not options.redis_url:
        parser.error(f"--only {options.only} needs the Redis that the other part uses: add --redis-url")
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
