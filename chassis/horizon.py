"""How far a numbered table is complete: rows become visible in another order than that of their numbers."""

from msgspec import Struct
from psycopg.rows import class_row

from chassis.database import Tx

FENCED = """
SELECT newest, done, CASE WHEN newest > done THEN pg_current_xact_id()::text::bigint END AS fence,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS settled,
       pg_postmaster_start_time()::text AS server
"""
"""Goes before a FROM that gives `newest` and `done`; one statement, so the fence is later than all it saw."""


class Look(Struct, frozen=True):
    """The last number, how far the work with the rows is, and where the transactions of this server stand.

    `fence` is a transaction later than all that draw numbers up to `newest`, None where all is done; those
    before `settled` have ended. Both mean something only as long as it is the same running `server`.
    """

    newest: int
    done: int
    fence: int | None
    settled: int
    server: str

    def continues(self, noted: "Look | None") -> bool:
        """Whether what was noted still means something."""
        return noted is not None and noted.server == self.server

    def completes(self, noted: "Look") -> bool:
        """Whether every transaction that draws a number up to `noted.newest` has ended by now."""
        return noted.fence is not None and self.settled > noted.fence


def look(tx: Tx, statement: str) -> Look:
    """Asks once; `statement` begins with FENCED."""
    with tx.cursor(row_factory=class_row(Look)) as cursor:
        found = cursor.execute(statement.encode()).fetchone()
    assert found is not None
    return found
