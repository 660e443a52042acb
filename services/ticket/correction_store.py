"""What the desk has set right, out of the history, with the words it was about."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from psycopg.rows import dict_row

from chassis.database import Tx
from contracts.masking import masked
from services.ticket.privacy.vault import Vault
from services.ticket.privacy.vault_store import REQUEST, opened

# Served by the partial index on history.
CORRECTED = """
SELECT DISTINCT ON (h.ticket) h.ticket AS ref, h.time, h.data, r.key, r.sealed, r.title, r.body, r.address
FROM history h JOIN request r ON r.ticket = h.ticket
WHERE h.type = 'cn.fengge.ticket.CategoryCorrected.v1' AND h.time >= %s
ORDER BY h.ticket, h.no DESC
"""


def corrections(tx: Tx, since: datetime) -> list[dict[str, Any]]:
    """The last correction of each ticket since then, its words still sealed; none of those erased."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(CORRECTED, [since]).fetchall()


def told(keys: Callable[[], Vault], rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Corrections with what was said, less numbers and addresses by which people are found; raises Locked."""
    for row in rows:
        words, said = opened(keys(), REQUEST, row), row["data"]
        yield {
            "title": masked(words.title), "body": masked(words.body), "category": said["category"],
            "suggested": said["suggested"], "confidence": said["confidence"], "model": said["model"],
            "corrected_at": row["time"],
        }  # fmt: skip
