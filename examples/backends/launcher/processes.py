"""Starts the processes of a back-end, starts those again that die, and stops all of them cleanly."""

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
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import redis

TETHER = Path(__file__).parent / "tether.py"
STOP_WITHIN_S = 5
LIVES_AT_LEAST_S = 2
EARLY_DEATHS_TAKEN = 5
PORT_TRIES = 3
REDIS_MEMORY = "2gb"

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
                sys.executable, str(TETHER), str(os.getpid()), *self._command,
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
               "--daemonize", "no", "--loglevel", "warning",
               # When it is full, what is kept for a time only goes first, unless it is in use.
               "--maxmemory", REDIS_MEMORY, "--maxmemory-policy", "volatile-lru"]  # fmt: skip
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


class Processes:
    """What was started, in order; stopped all together, Redis last."""

    def __init__(self, folder: str):
        self._folder = folder
        self._children: list[Child] = []
        self._runs: list[asyncio.Task[None]] = []
        self._listeners: list[socket.socket] = []

    def listen(self, host: str, port: int) -> socket.socket:
        """A listening socket to hand down. It stays open here too, for children that are started again."""
        try:
            listener = socket.create_server((host, port), backlog=1024)
        except OSError as error:
            raise StartError(
                f"Cannot listen on {host}:{port} ({error.strerror}). Choose another --port."
            ) from None
        self._listeners.append(listener)
        return listener

    def start(self, child: Child, restart: bool = True) -> None:
        self._children.append(child)
        self._runs.append(asyncio.create_task(child.run(restart)))

    async def redis(self, url: str | None, port: int = 0) -> str:
        """The address of the Redis at `url`, or else of a private one on `port` (0: any free one)."""
        if not url:
            return await self._start_redis(port)
        if not await _answers(url, 5):
            raise StartError("Redis does not answer. Is it running, and is --redis-url right?")
        return url

    async def until_ready(self) -> None:
        waiting = [child.ready.wait() for child in self._children if child.name != "redis-server"]
        await self._unless_a_child_ends(asyncio.gather(*waiting))

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

    async def _start_redis(self, port: int) -> str:
        program = _redis_program()
        if port:
            return await self._try_redis(program, port)
        # Between finding a free port and using it, somebody else may take it.
        for _ in range(PORT_TRIES - 1):
            try:
                return await self._try_redis(program, _free_port())
            except StartError:
                await self._children.pop().stop()
                self._runs.pop().cancel()
        return await self._try_redis(program, _free_port())

    async def _try_redis(self, program: str, port: int) -> str:
        url = f"redis://127.0.0.1:{port}/0"
        self.start(_redis_child(program, port, self._folder), restart=False)
        if not await self._unless_a_child_ends(_answers(url, 5)):
            raise StartError("redis-server was started but does not answer.")
        return url

    async def _unless_a_child_ends(self, awaitable):
        wanted = asyncio.ensure_future(awaitable)
        done, _ = await asyncio.wait([wanted, *self._runs], return_when=asyncio.FIRST_COMPLETED)
        if wanted in done:
            return wanted.result()
        wanted.cancel()
        for run in done:
            run.result()


async def _until_stopped(start: Callable[[Processes], Awaitable[str]]) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)

    async def serve(processes: Processes) -> None:
        print(f"ready {await start(processes)}", flush=True)
        await processes.wait()

    with tempfile.TemporaryDirectory(prefix="jobwire-redis-") as folder:
        processes = Processes(folder)
        serving = asyncio.create_task(serve(processes))
        stopping = asyncio.create_task(stopped.wait())
        try:
            await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
        finally:
            serving.cancel()
            stopping.cancel()
            await processes.stop()


def run(start: Callable[[Processes], Awaitable[str]]) -> int:
    """Starts, prints `ready` and what `start` gave, and serves until SIGTERM or Ctrl-C; the exit code."""
    logging.basicConfig(level="INFO", format="%(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(_until_stopped(start))
        return 0
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
