from collections.abc import Iterator

import pytest

from backend import Backend, running
from make_sample import sample


@pytest.fixture(scope="session")
def backend() -> Iterator[Backend]:
    """Two web processes and a worker, as by default."""
    env = {"PING_INTERVAL_MS": "300", "PING_TIMEOUT_MS": "10000", "JOBWIRE_MAX_UPLOAD_MB": "1"}
    with running(**env, JOBWIRE_CONTROL="1") as started:
        yield started


@pytest.fixture(scope="session")
def song() -> bytes:
    return sample(seconds=2)
