"""Time of deciding and saving a batch of dispatches, and the database's part, by the number of assignees."""

import argparse
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg

from chassis.fold import fold
from chassis.model import Stimulus
from contracts import ticket
from contracts.cloudevent import CloudEvent
from contracts.event import type_of
from contracts.numbering import ticket_number
from services.dispatch.service import DispatchService

BATCH, ROUNDS = 200, 15
PLACES = 50
"""Places of the tickets, spread over the tree: as many in a small tree as in a large one."""
CATEGORIES = ("noise_construction", "mediation", "medicine_delivery", "older_meals")
"""Work for officers, members, organisations under contract, and work that is claimed."""
PER_CELL = 18
"""Assignees of one cell, as in a city of 100,000 assignees and 5,600 grids."""

CELLS = """
INSERT INTO dispatch.cell (code, parent, level, name, path)
SELECT 'B' || n, '990101001001', 'compound', 'compound ' || n,
       ARRAY['990101000000', '990101001000', '990101001001', 'B' || n]
FROM generate_series(1, %s) AS n ON CONFLICT DO NOTHING
"""
PEOPLE = """
INSERT INTO dispatch.assignee (code, kind, name, cell, skills, load_cap)
SELECT 'B' || c || '-' || n, (ARRAY['grid_officer', 'party_member', 'party_member'])[n %% 3 + 1], 'bench',
       'B' || c, ARRAY['urban_management', 'mediation', 'errand'], 1000000
FROM generate_series(1, %s) AS c CROSS JOIN generate_series(1, %s) AS n ON CONFLICT DO NOTHING
"""
LOADS = (
    "INSERT INTO dispatch.assignee_load (assignee) SELECT code FROM dispatch.assignee ON CONFLICT DO NOTHING"
)


def fill(assignees: int) -> int:
    """Brings the tree to so many assignees; returns how many cells they have."""
    cells = max(assignees // PER_CELL, 1)
    with psycopg.connect(os.environ["SUPERUSER_URL"], autocommit=True) as connection:
        connection.execute(CELLS, [cells])
        connection.execute(PEOPLE, [cells, PER_CELL])
        connection.execute(LOADS)
        connection.execute("ANALYZE dispatch.cell, dispatch.assignee, dispatch.assignee_load")
    return cells


class TimedCursor(psycopg.Cursor[Any]):
    """Sums up how long answers of the database are waited for, in milliseconds."""

    waited = 0.0

    def execute(self, *arguments: Any, **options: Any) -> Any:
        """The statement, with its time."""
        with timed():
            return super().execute(*arguments, **options)

    @contextmanager
    def copy(self, *arguments: Any, **options: Any) -> Iterator[Any]:
        """The rows sent, with their time and that of writing them down."""
        with timed(), super().copy(*arguments, **options) as copy:
            yield copy


@contextmanager
def timed() -> Iterator[None]:
    """Adds the time of the block to what the database was waited for."""
    begun = time.perf_counter()
    try:
        yield
    finally:
        TimedCursor.waited += 1000 * (time.perf_counter() - begun)


def stimulus(service: DispatchService, number: str, grid: str, dice: random.Random) -> Stimulus:
    """An accepted ticket at a place of the tree."""
    accepted = ticket.TicketAccepted(
        category=dice.choice(CATEGORIES), severity="general", grid=grid, channel="hotline_12345",
        source="/bench",
    )  # fmt: skip
    event: CloudEvent[Any] = CloudEvent(
        specversion="1.0", id=number, source="urn:fengge:ticket", type=type_of(ticket.TicketAccepted),
        time=datetime.now(UTC), data=accepted, partitionkey=number, sequence="2",
    )  # fmt: skip
    return Stimulus(number, partial(service.start, event), event)


def batch_ms(connection: Any, stimuli: list[Stimulus]) -> tuple[float, float]:
    """Milliseconds for loading, knowing, deciding and saving one batch, and the database's part of them.

    It is rolled back, so that each batch finds the same.
    """
    model = DispatchService.model
    begun, TimedCursor.waited = time.perf_counter(), 0.0
    with connection.transaction(force_rollback=True):
        states = model.store.load(connection, sorted(one.key for one in stimuli))
        known = model.store.know(connection, datetime.now(UTC), stimuli, states)
        model.store.save(connection, fold(model, states, stimuli, known).changes)
    return 1000 * (time.perf_counter() - begun), TimedCursor.waited


def batches(connection: Any, cells: int, places: int) -> Iterator[tuple[float, float]]:
    """The milliseconds of so many rounds, with the tickets spread over so many places."""
    dice, service = random.Random(1), DispatchService()  # noqa: S311 (a die, no secret)
    for round_ in range(ROUNDS):
        numbers = [ticket_number("/bench/dispatching", f"{round_}-{n}") for n in range(BATCH)]
        grids = [f"B{1 + dice.randrange(places) * cells // places}" for _ in numbers]
        yield batch_ms(
            connection,
            [stimulus(service, number, grid, dice) for number, grid in zip(numbers, grids, strict=True)],
        )


def main() -> int:
    """Prints {"assignees": …, "ms_per_ticket": …, "database_ms": of a batch all over the tree}, medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assignees", type=int, required=True)
    asked = parser.parse_args()
    cells = fill(asked.assignees)
    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True, cursor_factory=TimedCursor) as connection:
        whole = statistics.median(total for total, _ in batches(connection, cells, PLACES))
        waited = statistics.median(waited for _, waited in batches(connection, cells, cells))
    figures = {"ms_per_ticket": whole / BATCH, "database_ms": waited}
    print(json.dumps({"assignees": asked.assignees, **figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
