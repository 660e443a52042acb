"""The SQL of contract units while tickets are dispatched: totals, months, an entry for each, hours given."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from chassis.database import Tx
from chassis.rows import columns
from services.dispatch.case import Case
from services.dispatch.records import ContractCommitted, ContractReleased, ContractReserved

Unit = ContractReserved | ContractReleased | ContractCommitted
MOVES = {ContractReserved: (1, 0), ContractReleased: (-1, 0), ContractCommitted: (-1, 1)}
WHAT = {ContractReserved: "reserved", ContractReleased: "released", ContractCommitted: "committed"}
VOLUNTEERS = ("party_member", "volunteer_team")

SAVE = """
WITH moved AS (SELECT * FROM unnest(%s::text[], %s::int[], %s::int[]) AS m (contract, reserved, committed)),
     locked AS (
         SELECT q.contract FROM contract_quota q JOIN moved USING (contract)
         ORDER BY q.contract FOR UPDATE OF q),
     totals AS (
         UPDATE contract_quota q SET reserved = q.reserved + m.reserved, committed = q.committed + m.committed
         FROM moved m JOIN locked USING (contract) WHERE q.contract = m.contract),
     entries AS (
         INSERT INTO quota_entry (contract, month, ticket, what, at)
         SELECT e.*, %s FROM unnest(%s::text[], %s::date[], %s::text[], %s::text[]) AS e)
UPDATE contract_month q SET reserved = q.reserved + m.reserved, committed = q.committed + m.committed
FROM unnest(%s::text[], %s::date[], %s::int[], %s::int[]) AS m (contract, month, reserved, committed)
     JOIN locked USING (contract)
WHERE q.contract = m.contract AND q.month = m.month RETURNING q.contract, q.month::text
"""
"""Totals, entries and months in one statement; each month follows the lock of its contract."""
# The first of a month begins its row, with the quota that the contract has then. Who has waited for the lock
# of the contract does not see in `SAVE` what another began meanwhile; so it is added here.
NEW_MONTHS = """
INSERT INTO contract_month AS q (contract, month, quota, reserved, committed)
SELECT k.code, m.month, k.quota_month, m.reserved, m.committed
FROM unnest(%s::text[], %s::date[], %s::int[], %s::int[]) AS m (contract, month, reserved, committed)
     JOIN contract k ON k.code = m.contract
ON CONFLICT (contract, month) DO UPDATE
    SET reserved = q.reserved + EXCLUDED.reserved, committed = q.committed + EXCLUDED.committed
"""
HOURS = """
INSERT INTO hours (assignee, ticket, assignment, minutes, at)
SELECT h.*, %s FROM unnest(%s::text[], %s::text[], %s::text[], %s::int[]) AS h
"""


def save(tx: Tx, cases: Sequence[Case], now: datetime) -> None:
    """Writes what became of contract units, and hours, if there are any; nothing is asked otherwise."""
    moved = [(case.id, unit) for case in cases for unit in case.units]
    if moved:
        _move(tx, moved, now)
    given = [
        (case.assignee or "", case.id, said.assignment, said.minutes)
        for case in cases
        if (said := case.outcome) and said.minutes and case.kind in VOLUNTEERS
    ]
    if given:
        tx.execute(HOURS, [now, *columns(given, 4)])


def _move(tx: Tx, moved: Sequence[tuple[str, Unit]], now: datetime) -> None:
    totals, months = Counter[tuple[str, int]](), Counter[tuple[str, str, int]]()
    for _, unit in moved:
        for place, by in enumerate(MOVES[type(unit)]):
            totals[unit.contract, place] += by
            months[unit.contract, unit.month, place] += by
    contracts = sorted({contract for contract, _ in totals})
    in_all = columns([(each, totals[each, 0], totals[each, 1]) for each in contracts], 3)
    keys = sorted({(contract, month) for contract, month, _ in months})
    by_month = [(*key, months[*key, 0], months[*key, 1]) for key in keys]
    entries = [(unit.contract, unit.month, number, WHAT[type(unit)]) for number, unit in moved]
    known = tx.execute(SAVE, [*in_all, now, *columns(entries, 4), *columns(by_month, 4)]).fetchall()
    if len(known) < len(keys):
        tx.execute(NEW_MONTHS, columns([row for row in by_month if row[:2] not in known], 4))
