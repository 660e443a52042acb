"""The plugin of the drills: one house for all, a verdict for each, a table and faults.json at the end."""

import logging
import os
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from deploy.local import DEFAULT_RUN
from tests.faults.rig.cramped import cramped
from tests.faults.rig.drill import Drill
from tests.faults.rig.estate import Estate
from tests.faults.rig.house import opened
from tests.faults.rig.report import Report, Row

ROW = "accident"
FAILED = pytest.StashKey[bool]()
MANY = 50_000
"""Requests after which a house has grown too large for the next drill."""


def pytest_configure(config: pytest.Config) -> None:
    """Every run of drills draws up a report."""
    config.pluginmanager.register(Table(), "accidents")
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # it logs each refusal of a broker that is away


class Table:
    """What became of every accident, whichever worker it happened in; also for programs."""

    def __init__(self) -> None:
        self._report = Report()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Takes the row of a drill that is over."""
        if report.when == "teardown":
            said: list[tuple[str, Any]] = report.user_properties
            self._report.rows += [Row(**row) for name, row in said if name == ROW]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Prints the table, and saves it."""
        if self._report.rows:
            terminalreporter.section("accidents")
            terminalreporter.write_line(self._report.table())
            self._report.save(Path(os.environ.get("FAULTS_JSON", DEFAULT_RUN / "faults.json")))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Lets fixtures know that their test has failed."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture(scope="session")
def estate(servers_run: Path) -> Iterator[Estate]:
    """Houses to break, built when they are first needed."""
    with closing(Estate(servers_run / "faults")) as estate:
        yield estate


@pytest.fixture(scope="session")
def clusters(servers_run: Path) -> Iterator[Estate]:
    """Houses whose broker has three nodes."""
    with closing(Estate(servers_run / "cluster", partial(opened, nodes=3))) as estate:
        yield estate


@pytest.fixture
def drill(request: pytest.FixtureRequest, estate: Estate, tmp_path: Path) -> Iterator[Drill]:
    """A drill in a house where everything is well; one that fails or keeps something parked is given up."""
    yield from _drill(request, estate, tmp_path)


@pytest.fixture
def cluster_drill(request: pytest.FixtureRequest, clusters: Estate, tmp_path: Path) -> Iterator[Drill]:
    """The same in a house whose broker has three nodes."""
    yield from _drill(request, clusters, tmp_path)


@pytest.fixture
def cramped_drill(request: pytest.FixtureRequest, servers_run: Path, tmp_path: Path) -> Iterator[Drill]:
    """The same in a house of its own whose broker has a small disk."""
    with closing(Estate(servers_run / "cramped", cramped)) as estate:
        yield from _drill(request, estate, tmp_path)


def _drill(request: pytest.FixtureRequest, estate: Estate, folder: Path) -> Iterator[Drill]:
    drill = Drill(estate.house(), folder)
    try:
        yield drill
    finally:
        drill.close()
        passed = FAILED not in request.node.stash
        try:
            if not passed:
                drill.broken_off()
        finally:
            row = Row.of(_accident(request.node), drill.verdict, passed)
            request.node.user_properties.append((ROW, asdict(row)))
            if not passed or drill.verdict.inputs > MANY or drill.verdict.parked:
                estate.give_up()


def _accident(item: pytest.Item) -> tuple[str, str]:
    """Numbers in FAULTS and name of the accident: of the marker, and of the file."""
    marker = item.get_closest_marker("accident")
    assert marker, f"{item.nodeid} does not say which accident it is"
    return str(marker.args[0]), item.path.stem.removeprefix("test_")
