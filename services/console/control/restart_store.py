"""Which services are to be started anew: asked for by operators, taken by whoever watches over processes."""

from collections.abc import Sequence

from psycopg.rows import class_row

from chassis.database import Tx
from services.console.now.seen import Restart
from services.console.now.store import RESTART, STILL_WANTED

ASK = "INSERT INTO console.restart (service, who, reason) VALUES (%s, %s, %s) RETURNING no"
TAKE = f"""
UPDATE console.restart SET taken_at = now() WHERE taken_at IS NULL AND {STILL_WANTED} RETURNING service
"""
NEWEST = f"SELECT {RESTART} FROM console.restart ORDER BY no DESC LIMIT 10"


def ask(tx: Tx, service: str, who: str, reason: str) -> int:
    """Wants this service started anew; returns the number of the request."""
    row = tx.execute(ASK, [service, who, reason]).fetchone()
    assert row is not None
    return int(row[0])


def take(tx: Tx) -> list[str]:
    """The services to be started anew now; each request is taken once."""
    return sorted({service for (service,) in tx.execute(TAKE)})


def newest(tx: Tx) -> Sequence[Restart]:
    """The last ten, the newest first."""
    with tx.cursor(row_factory=class_row(Restart)) as cursor:
        return cursor.execute(NEWEST).fetchall()
