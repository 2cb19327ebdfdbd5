"""Starts the whole back-end with one command and stops it cleanly: `python run.py --port 8000`."""

import argparse
import asyncio
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import redis

from settings import SettingsError, load

HERE = Path(__file__).parent
STOP_WITHIN_S = 5
LIVES_AT_LEAST_S = 2
EARLY_DEATHS_TAKEN = 5
PORT_TRIES = 3

log = logging.getLogger("jobwire.run")


class StartError(Exception):
    """What is needed to start is missing; the text says what to do."""


class Child:
    """A process of ours. A server that dies is started again, unless it never got ready or dies time and again."""

    def __init__(self, name: str, command: Sequence[str], env: dict[str, str], keep_fd: int | None = None):
        self.name = name
        self._command = command
        self._env = env
        self._fds = () if keep_fd is None else (keep_fd,)
        self._process: asyncio.subprocess.Process | None = None
        self._said: deque[str] = deque(maxlen=5)
        self.ready = asyncio.Event()

    async def run(self, restart: bool) -> None:
        """Ends, with an error, when the process cannot be kept running."""
        early_deaths = 0
        while True:
            began = time.monotonic()
            # A session of its own, so that Ctrl-C reaches us alone and we decide the order of ending.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, str(HERE / "tether.py"), str(os.getpid()), *self._command,
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, env=self._env,
                pass_fds=self._fds, start_new_session=True,
            )  # fmt: skip
            async for line in self._process.stdout:
                if line.strip() == b"ready":
                    self.ready.set()
                else:
                    self._said.append(line.decode(errors="replace"))
            code = await self._process.wait()
            early_deaths = early_deaths + 1 if time.monotonic() - began < LIVES_AT_LEAST_S else 0
            if not restart or not self.ready.is_set() or early_deaths == EARLY_DEATHS_TAKEN:
                raise StartError(
                    f"The {self.name} process ended (exit code {code}).\n{''.join(self._said)}".strip()
                )
            log.warning("the %s process ended (exit code %s); starting it again", self.name, code)

    async def stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _redis_program() -> str:
    program = shutil.which("redis-server")
    if program is None:
        raise StartError(
            "redis-server is not installed. Install it (Debian: `apt install redis-server`,"
            " macOS: `brew install redis`) or name a running one with --redis-url."
        )
    return program


def _redis_child(program: str, port: int, folder: str) -> Child:
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no",
               "--daemonize", "no", "--loglevel", "warning"]  # fmt: skip
    return Child("redis-server", command, dict(os.environ))


async def _answers(url: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        try:
            async with redis.asyncio.from_url(url) as client:
                return bool(await client.ping())
        except ValueError as error:
            raise StartError(f"--redis-url is not the address of a Redis: {error}") from None
        except redis.RedisError:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.02)


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=1024)
    except OSError as error:
        raise StartError(
            f"Cannot listen on {host}:{port} ({error.strerror}). Choose another --port."
        ) from None


class Backend:
    """The processes that the options ask for, started in order and stopped in the reverse order."""

    def __init__(self, options: argparse.Namespace):
        self._options = options
        self._children: list[Child] = []
        self._runs: list[asyncio.Task[None]] = []

    async def start(self, folder: str) -> str:
        options = self._options
        url = options.redis_url
        if options.only == "redis" or not url:
            url = await self._start_redis(folder)
        elif not await _answers(url, 5):
            raise StartError("Redis does not answer. Is it running, and is --redis-url right?")
        where = url
        env = {**os.environ, "JOBWIRE_REDIS_URL": url}
        if options.only in (None, "web"):
            listener = _listen(options.host, options.port)
            env["JOBWIRE_LISTEN_FD"] = str(listener.fileno())
            for number in range(1, options.workers + 1):
                command = [sys.executable, str(HERE / "app.py")]
                self._start(Child(f"web {number}", command, env, listener.fileno()), restart=True)
            where = f"http://{options.host}:{listener.getsockname()[1]}"
            # The children hold the socket; ours stays open for those started again.
            self._listener = listener
        if options.only in (None, "worker"):
            for number in range(1, options.job_workers + 1):
                command = [sys.executable, str(HERE / "worker.py")]
                self._start(Child(f"worker {number}", command, env), restart=True)
            where = where if options.only is None else "worker"
        waiting = [child.ready.wait() for child in self._children if child.name != "redis-server"]
        await self._unless_a_child_ends(asyncio.gather(*waiting))
        return where

    async def _start_redis(self, folder: str) -> str:
        program = _redis_program()
        if self._options.redis_port:
            return await self._try_redis(program, self._options.redis_port, folder)
        # Between finding a free port and using it, somebody else may take it.
        for _ in range(PORT_TRIES - 1):
            try:
                return await self._try_redis(program, _free_port(), folder)
            except StartError:
                await self._children.pop().stop()
                self._runs.pop().cancel()
        return await self._try_redis(program, _free_port(), folder)

    async def _try_redis(self, program: str, port: int, folder: str) -> str:
        url = f"redis://127.0.0.1:{port}/0"
        self._start(_redis_child(program, port, folder), restart=False)
        if not await self._unless_a_child_ends(_answers(url, 5)):
            raise StartError("redis-server was started but does not answer.")
        return url

    async def wait(self) -> None:
        """Until a child that cannot be kept running ends; raises what is to be said about it."""
        await self._unless_a_child_ends(asyncio.Event().wait())

    async def stop(self) -> None:
        for run in self._runs:
            run.cancel()
        await asyncio.gather(*self._runs, return_exceptions=True)
        servers = [child for child in self._children if child.name != "redis-server"]
        await asyncio.gather(*(child.stop() for child in servers))
        await asyncio.gather(*(child.stop() for child in self._children if child.name == "redis-server"))

    def _start(self, child: Child, restart: bool) -> None:
        self._children.append(child)
        self._runs.append(asyncio.create_task(child.run(restart)))

    async def _unless_a_child_ends(self, awaitable):
        wanted = asyncio.ensure_future(awaitable)
        done, _ = await asyncio.wait([wanted, *self._runs], return_when=asyncio.FIRST_COMPLETED)
        if wanted in done:
            return wanted.result()
        wanted.cancel()
        for run in done:
            run.result()


async def _main(options: argparse.Namespace) -> int:
    backend = Backend(options)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)

    async def serve(folder: str) -> None:
        print(f"ready {await backend.start(folder)}", flush=True)
        await backend.wait()

    with tempfile.TemporaryDirectory(prefix="jobwire-redis-") as folder:
        serving = asyncio.create_task(serve(folder))
        stopping = asyncio.create_task(stopped.wait())
        try:
            await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
            return 0
        finally:
            serving.cancel()
            stopping.cancel()
            await backend.stop()


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
    logging.basicConfig(level="INFO", format="%(levelname)s %(name)s: %(message)s")
    try:
        load()
        return asyncio.run(_main(options))
    except (StartError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
