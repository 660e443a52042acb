"""After a long standstill 100,000 deadlines are due at once: they drain, and new requests do not wait."""

import os
import time

import psycopg
import pytest

from deploy.local.accounts import OWNER
from tests.integration.process import Stage, until

ALARMS = int(os.environ.get("ALARMS", "100_000"))
PATIENCE = 400.0
A_WHILE = 5.0
"""Seconds within which a request that comes meanwhile is a ticket."""
OVERDUE = """
INSERT INTO ticket (id, sequence, state, source, external_id, channel, severity, received_at, clock, since,
                    span, due_at, alarm_at)
SELECT 'A' || n, 1, 'received', 'urn:test:old', n::text, 'resident', 'general', now() - interval '3 h',
       'triage', now() - interval '3 h', '2h', now() - interval '1 h', now() - interval '1 h'
FROM generate_series(1, %s) n
"""
LEFT = "SELECT count(*) FROM ticket WHERE alarm_at <= now()"
RUNG = "SELECT count(*), count(DISTINCT ticket) FROM history WHERE type LIKE '%TicketOverdue%'"


@pytest.mark.long
def test_100_000_alarms_drain_while_requests_flow(stage: Stage) -> None:
    with psycopg.connect(stage.endpoints.database_url(OWNER)) as tx:
        tx.execute("SET search_path = ticket")
        tx.execute(OVERDUE, [ALARMS])
    begun = time.monotonic()
    stage.start()
    waits: list[float] = []
    while stage.query(LEFT)[0][0]:
        number = len(waits)
        stage.submit(range(number, number + 1))
        waits.append(until(lambda: stage.tickets() > ALARMS + number, PATIENCE))  # noqa: B023
        assert time.monotonic() - begun < PATIENCE
    seconds = time.monotonic() - begun
    assert stage.query(RUNG) == [(ALARMS, ALARMS)]
    until(stage.quiet, PATIENCE)
    print(
        f"{ALARMS} alarms in {seconds:.0f} s ({ALARMS / seconds:.0f}/s); "
        f"{len(waits)} requests meanwhile, the slowest in {max(waits):.2f} s"
    )
    assert len(waits) > 1
    assert max(waits) < A_WHILE
