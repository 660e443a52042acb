"""Deadlines are rows: they ring once, also with two processes, and after nobody was there to hear them.

A general request has two hours for triage; processes that start anew put their clock forward.
"""

from tests.integration.process import Process, Stage, until

PATIENCE = 60.0
NEARLY, OVER = 0.9 * 7200, 1.1 * 7200
RUNG = "SELECT count(*), count(DISTINCT ticket) FROM history WHERE type LIKE '%{}%'"


def started(stage: Stage, instances: int, later: float) -> list[Process]:
    """Processes that share the shards, whose clock is so many seconds ahead."""
    skew = {"CLOCK_SKEW_SECONDS": str(later)}
    return [stage.start(INSTANCE=f"{n + 1}/{instances}", **skew) for n in range(instances)]


def rung(stage: Stage, kind: str) -> tuple[int, int]:
    """How many facts of this kind there are, and of how many tickets."""
    ((facts, tickets),) = stage.query(RUNG.format(kind))
    return facts, tickets


def test_every_ticket_warns_once_and_is_overdue_once_with_two_processes(stage: Stage) -> None:
    here = started(stage, 2, later=0)
    stage.submit(range(300))
    until(lambda: stage.tickets() == 300, PATIENCE)
    for kind, later in (("TicketDueSoon", NEARLY), ("TicketOverdue", OVER)):
        for process in here:
            process.stop()
        assert rung(stage, kind) == (0, 0)
        here = started(stage, 2, later)
        until(lambda kind=kind: rung(stage, kind)[1] == 300, PATIENCE)  # type: ignore[misc]
    assert rung(stage, "TicketDueSoon") == rung(stage, "TicketOverdue") == (300, 300)
    assert stage.query("SELECT count(*) FROM ticket WHERE alarm_at IS NOT NULL") == [(0,)]
    assert stage.query("SELECT DISTINCT state FROM ticket") == [("received",)]


def test_what_came_due_while_nobody_was_there_is_overdue_and_no_longer_due_soon(stage: Stage) -> None:
    (process,) = started(stage, 1, later=0)
    stage.submit(range(1))
    until(lambda: stage.tickets() == 1, PATIENCE)
    process.stop()
    started(stage, 1, OVER)
    until(lambda: rung(stage, "TicketOverdue") == (1, 1), PATIENCE)
    assert rung(stage, "TicketDueSoon") == (0, 0)
