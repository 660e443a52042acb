"""A demo of its own house: stopped half-way, played again, ended; afterwards nothing runs."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import house as local_house
from deploy.local.daemon import ends_within
from tests.acceptance.conftest import Fengge

PATIENCE = 60.0


@pytest.fixture
def alone(servers_run: Path) -> Iterator[Fengge]:
    """The command for a run folder where nothing runs yet."""
    command = Fengge(servers_run / "alone")
    yield command
    local_house.down(command.run)


def test_ctrl_c_ends_everything_and_the_second_run_starts_afresh(alone: Fengge) -> None:
    with alone.start("demo", "--n", "50") as demo:
        assert demo.stderr is not None
        demo.stderr.readline()  # the first line of progress: requests are under way
        pids = [row["pid"] for row in alone.processes().values()]
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=PATIENCE)
    assert demo.returncode == 130
    assert len(pids) == 10
    assert all(ends_within(pid, 0) for pid in pids)
    assert alone.processes() == {}

    document = alone.play("--n", "15", "--keep")
    assert document["accepted"] == 15 == document["closed"] + document["open"] + document["parked"]
    assert [row["state"] for row in alone.processes().values()] == ["ready"] * 10
    (report,) = alone.json("report")
    assert report["counts"]["cases"] == 15  # the half-played day is gone
    for rate in ("response_rate", "resolution_rate", "satisfaction_rate", "coverage"):
        assert report["rates"][rate] == pytest.approx(document[rate], abs=1e-4)

    pids = [row["pid"] for row in alone.processes().values()]
    local_house.down(alone.run)
    assert all(ends_within(pid, 0) for pid in pids)
