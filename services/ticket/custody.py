"""The vault's housekeeping in small steps: rows left in clear are sealed, who asked long ago is forgotten."""

import logging
from datetime import datetime, timedelta

from chassis import policy
from chassis.database import Database
from services.ticket import erasure_store
from services.ticket.privacy import vault_store
from services.ticket.privacy.vault import Vault
from services.ticket.privacy.vault_store import SHELVES, Shelf

STEPS = 20
"""Transactions in a row; what is left waits for the next round."""

log = logging.getLogger(__name__)


class Custodian:
    """Looks after the vault of one database."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database, self._vault = database, vault

    def seal(self) -> None:
        """Seals what an older version of the service wrote in clear; tells of keys that are missing."""
        with self._database.transaction() as tx:
            missing = vault_store.register(tx, self._vault)
        if missing:
            log.error("VAULT_KEYS lacks keys that rows are sealed with", extra={"keys": missing})
        for shelf in SHELVES:
            self._seal(shelf)

    def _seal(self, shelf: Shelf) -> None:
        after = ""
        for _ in range(STEPS):
            with self._database.transaction() as tx:
                sealed = vault_store.reseal(tx, self._vault, shelf, after, clear=True)
            if sealed is None:
                return
            after = sealed[0]

    def anonymise(self, now: datetime) -> None:
        """Forgets the requesters of tickets whose time is over, and parked messages decided long ago."""
        with self._database.transaction() as tx:
            terms = policy.in_force(tx)["retention"].value
            before = now - timedelta(days=terms["parked_days"])
            reason = f"{terms['parked_days']} days after it was parked"
            parked = erasure_store.forget_parked(tx, before, None, "retention", reason)
        gone = 0
        for _ in range(STEPS):
            with self._database.transaction() as tx:
                erased = erasure_store.expire(tx, now, terms["days"])
            gone += len(erased.refs)
            if not erased.refs:
                break
        if gone or parked:
            log.info("identities forgotten", extra={"tickets": gone, "parked": parked})
