"""What acts look up in the ledger of the service they concern."""

from chassis.database import Tx

OF_GROUP = """
SELECT no FROM parked WHERE state = 'open' AND coalesce(type, '') = %s AND reason = %s ORDER BY no LIMIT %s
"""


def parked_of(tx: Tx, type_: str, reason: str, limit: int) -> list[int]:
    """The open parked records of one type and reason, the oldest first."""
    return [int(no) for (no,) in tx.execute(OF_GROUP, [type_, reason, limit]).fetchall()]
