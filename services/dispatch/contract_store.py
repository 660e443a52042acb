"""The SQL of contracts for the desk: what is left, what was allowed beyond it, what is to be paid."""

from datetime import date
from typing import Any

import psycopg
from psycopg.rows import dict_row

from chassis.database import Tx

LIST = """
SELECT k.code, k.organization, k.valid_from, k.valid_to, k.fee_mode,
       q.quota, q.approved, q.reserved, q.committed,
       q.quota + q.approved - q.reserved - q.committed AS remains, k.quota_month,
       coalesce(m.quota, k.quota_month) + coalesce(m.approved - m.reserved - m.committed, 0) AS month_remains,
       CASE WHEN k.valid_to < %(today)s THEN 'expired' WHEN k.valid_from > %(today)s THEN 'not yet'
            WHEN q.reserved + q.committed >= q.quota + q.approved THEN 'used up'
            WHEN (q.quota + q.approved - q.reserved - q.committed) * 5 <= q.quota + q.approved THEN 'low'
            ELSE 'in force' END AS state
FROM contract k JOIN contract_quota q ON q.contract = k.code
LEFT JOIN contract_month m ON m.contract = k.code AND m.month = %(month)s ORDER BY k.code
"""
# The entries are counted anew: what is to be paid does not rest on a counter alone.
SETTLEMENT = """
SELECT m.contract, k.organization, m.month, k.fee_mode, m.quota, m.approved, m.committed, m.reserved AS open,
       count(e.*) FILTER (WHERE e.what = 'reserved') AS offered,
       count(e.*) FILTER (WHERE e.what = 'released') AS released,
       count(e.*) FILTER (WHERE e.what = 'committed') AS entries,
       count(e.*) FILTER (WHERE e.what = 'committed') <> m.committed
       OR count(e.*) FILTER (WHERE e.what = 'reserved')
          - count(e.*) FILTER (WHERE e.what <> 'reserved') <> m.reserved AS differs
FROM contract_month m JOIN contract k ON k.code = m.contract
LEFT JOIN quota_entry e ON e.contract = m.contract AND e.month = m.month
WHERE (%(contract)s::text IS NULL OR m.contract = %(contract)s)
  AND (%(month)s::date IS NULL OR m.month = %(month)s)
GROUP BY m.contract, m.month, k.code ORDER BY m.contract, m.month
"""
TICKETS = """
SELECT ticket, max(at) AS at FROM quota_entry
WHERE contract = %s AND month = %s AND what = 'committed' GROUP BY ticket ORDER BY at, ticket
"""
APPROVE = {
    False: "UPDATE contract_quota SET approved = approved + %(units)s WHERE contract = %(contract)s",
    True: """
INSERT INTO contract_month (contract, month, quota, approved)
SELECT code, %(month)s, quota_month, %(units)s FROM contract WHERE code = %(contract)s
ON CONFLICT (contract, month) DO UPDATE SET approved = contract_month.approved + EXCLUDED.approved
""",
}
RECORD = """
INSERT INTO approval (contract, month, units, reason, by)
VALUES (%(contract)s, %(month)s, %(units)s, %(reason)s, %(by)s)
"""


class NotPossible(Exception):
    """An approval names no contract, or would take away what is used already."""


def contracts(tx: Tx, today: date) -> list[dict[str, Any]]:
    """Every contract with what is left of it, in total and this month."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(LIST, {"today": today, "month": today.replace(day=1)}).fetchall()


def settlement(tx: Tx, contract: str | None, month: date | None) -> list[dict[str, Any]]:
    """What was done under each contract in each month; `differs` where entries and counters disagree."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SETTLEMENT, {"contract": contract, "month": month}).fetchall()


def settled_tickets(tx: Tx, contract: str, month: date) -> list[dict[str, Any]]:
    """The tickets whose work was done under a contract in a month."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(TICKETS, [contract, month]).fetchall()


def approve(tx: Tx, contract: str, month: date | None, units: int, reason: str, by: str) -> None:
    """Allows units beyond the quota, of a month or in total; less than nothing takes them back."""
    values = {"contract": contract, "month": month, "units": units, "reason": reason, "by": by}
    try:
        if not tx.execute(APPROVE[month is not None], values).rowcount:
            raise NotPossible(f"There is no contract {contract}.")
    except psycopg.errors.CheckViolation:
        raise NotPossible("More than that is used or reserved already.") from None
    tx.execute(RECORD, values)
