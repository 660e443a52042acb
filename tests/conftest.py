"""Private servers for the tests that need them: fresh for each session (or worker of one), gone after it."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings

from deploy.local import DEFAULT_RUN
from deploy.local import servers as local_servers
from deploy.local.accounts import SUPERUSER
from deploy.local.endpoints import Endpoints

TEST_RUNS = DEFAULT_RUN / "test"

# With a neighbour in the other lane, a deadline for each example would judge the machine.
settings.register_profile("ordinary", settings(), deadline=None)
settings.load_profile("ordinary")
# `--hypothesis-profile=deep`: what `make test` has no time for.
settings.register_profile(
    "deep", deadline=None, database=None, print_blob=True, max_examples=100, stateful_step_count=40,
    phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
)  # fmt: skip


def pytest_configure() -> None:
    """What tests write goes into the run folder as well; some of it is whole servers."""
    TEST_RUNS.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(TEST_RUNS))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Two workers (`-n 2`) share the tests as `Lanes` says."""
    from tests.lanes import Lanes

    return Lanes(config, log)


@pytest.fixture(scope="session")
def servers_run() -> Iterator[Path]:
    """A run folder of this session alone; sessions that were killed are cleared away first."""
    for number in range(100):
        with (TEST_RUNS / f"{number}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # another session is using it
            run = TEST_RUNS / str(number)
            _clear(run)
            yield run
            _clear(run)
            return
    raise RuntimeError(f"{TEST_RUNS} is full of running test sessions")


@pytest.fixture(scope="session")
def servers(servers_run: Path) -> Iterator[Endpoints]:
    """The session's broker and database."""
    with local_servers.running(servers_run) as endpoints:
        if "postgres" in endpoints.pids:
            _wait_for_no_disk(endpoints)
        yield endpoints


def _wait_for_no_disk(endpoints: Endpoints) -> None:
    """Nobody pulls the plug of this database: what is committed is safe without a wait for the disk."""
    with psycopg.connect(endpoints.database_url(SUPERUSER), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")


def _clear(run: Path) -> None:
    local_servers.stop(run)
    shutil.rmtree(run, ignore_errors=True)
