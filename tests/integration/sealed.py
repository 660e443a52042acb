"""Rows for the history, and sealers that bring them under their seals."""

from typing import Any

from services.ticket.audit import seals
from services.ticket.audit.sealing import Sealer
from tests.integration.ledger import Ledger
from tests.integration.process import until

RECORD = """
INSERT INTO history (ticket, source, sequence, type, time, causationid, data)
SELECT ticket, 'urn:fengge:ticket', 1, 'cn.fengge.ticket.TicketReceived.v1', now(), %s, '{"a": 1}'
FROM unnest(%s::text[]) ticket
"""


def recorded(tx: Any, *tickets: str, causationid: str = "") -> None:
    """One row for each of `tickets`."""
    tx.execute(RECORD, [causationid, list(tickets)])


def sealer(ledger: Ledger) -> Sealer:
    """A process that seals."""
    return Sealer(ledger.fellow().database)


def sealed_to_the_end(sealing: Sealer, ledger: Ledger) -> None:
    """Seals until nothing is left; what other transactions hold back is waited for."""

    def done() -> bool:
        sealing.run()
        with ledger.database.transaction() as tx:
            found = seals.look(tx)
        return found.newest == found.done

    until(done)
    sealing.run()
