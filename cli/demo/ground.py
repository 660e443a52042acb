"""The house that a demo plays in: its own, with empty databases, or one that is up already."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local import house, servers


@contextmanager
def prepared(run: Path, *, keep: bool) -> Iterator[None]:
    """The house for the length of a block, with empty databases unless it was up; `keep` leaves it up."""
    played = run / house.PLAYED
    was_up = house.supervisor(run) is not None
    if not was_up and played.exists():
        _wipe(run)
    if not was_up and not (run / "postgres").exists():  # ours from the first file on
        run.mkdir(parents=True, exist_ok=True)
        played.touch()
    with _kept(run) if keep and not was_up else house.running(run):
        yield


@contextmanager
def _kept(run: Path) -> Iterator[None]:
    """A house that stays up afterwards, unless what was to be done there failed."""
    try:
        house.up(run)
        yield
    except BaseException:
        house.down(run)
        raise


def _wipe(run: Path) -> None:
    """Takes away what an earlier demo left; data of anybody else carries no mark and stays."""
    servers.stop(run)
    for folder in ("postgres", "rabbitmq", "mail"):
        shutil.rmtree(run / folder, ignore_errors=True)
