from collections.abc import Iterator

import pytest
from redis import Redis

from backend import Backend, running
from make_sample import sample


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with running("--only", "redis") as backend:
        yield backend.where


@pytest.fixture(scope="session")
def redis(redis_url: str) -> Redis:
    return Redis.from_url(redis_url, decode_responses=False)


@pytest.fixture(scope="session")
def backend(redis_url: str) -> Iterator[Backend]:
    """Two web processes and two workers, as by default."""
    env = {"HEARTBEAT_MS": "250", "JOBWIRE_LEASE_MS": "3000", "JOBWIRE_RATE": "6000/minute"}
    with running("--port", "0", "--redis-url", redis_url, **env) as started:
        yield started


@pytest.fixture(scope="session")
def recording() -> bytes:
    return sample()
