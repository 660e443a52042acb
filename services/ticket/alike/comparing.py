"""Looks for similar requests behind the writers' back, a few at a time, so that no request waits for it."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from chassis import policy
from chassis.database import Database, Tx
from contracts.ticket import Alike
from services.ticket import grid
from services.ticket.alike import likeness, likeness_store, near_store
from services.ticket.alike.near_store import Sketch
from services.ticket.commands import SuspectDuplicate
from services.ticket.privacy.vault import Locked, Vault
from services.ticket.privacy.vault_store import REQUEST, opened

AT_ONCE = 20
"""Requests compared in one round, one a second: 72,000 an hour."""
TOLD = 3
STEPS = 20
"""Transactions in a row that forget; what is left waits for the next round."""
FORGOTTEN_AT_ONCE = 500

log = logging.getLogger(__name__)


class Comparer:
    """Compares the requests of one database with those before them."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database, self._vault = database, vault

    def run(self, now: datetime) -> Sequence[SuspectDuplicate]:
        """The next requests, each with the open tickets that its words are much like."""
        with self._database.statements() as tx:
            if not near_store.waiting(tx, 1):
                return ()
        with self._database.transaction() as tx:
            rule = policy.in_force(tx)["duplicates"].value
            sketches = [self._sketch(row, rule["least"]) for row in near_store.waiting(tx, AT_ONCE)]
            near_store.keep(tx, sketches)
            since = now - timedelta(days=rule["days"])
            return list(_suspicions(tx, {each.ticket: each.pieces for each in sketches}, since, rule["near"]))

    def forget(self, now: datetime) -> None:
        """What lies before the policy's window is compared no more."""
        for _ in range(STEPS):
            with self._database.transaction() as tx:
                days = policy.in_force(tx)["duplicates"].value["days"]
                gone = likeness_store.forget_old(tx, now - timedelta(days=days), FORGOTTEN_AT_ONCE)
            if gone < FORGOTTEN_AT_ONCE:
                return

    def _sketch(self, row: dict[str, Any], least: int) -> Sketch:
        """Nothing stands for words that are gone, or that do not open."""
        text = None
        if row["sealed"] is not None or row["title"] is not None:
            try:
                words = opened(self._vault, REQUEST, row)
                text = likeness.compared(words.title, words.body, least)
            except Locked as locked:
                log.error("a request does not open", extra={"cause": str(locked)})  # noqa: TRY400 (said whole)
        hashes = likeness.pieces(text, self._vault.pieces) if text else []
        return Sketch(row["ref"], self._vault.newest, hashes)


def _suspicions(
    tx: Tx, pieces: Mapping[str, Sequence[int]], since: datetime, near: int
) -> Iterator[SuspectDuplicate]:
    pairs = sorted(near_store.near(tx, list(pieces), since), key=itemgetter("ticket"))
    for ticket, found in groupby(pairs, key=itemgetter("ticket")):
        alike = [
            Alike(ticket=pair["other"], likeness=likeness.likeness(pieces[ticket], pair["pieces"]))
            for pair in found
            if _possible(pair)
        ]
        likest = sorted(alike, key=lambda each: (-each.likeness, each.ticket))[:TOLD]
        if likest and likest[0].likeness >= near:
            yield SuspectDuplicate(ticket=ticket, alike=[each for each in likest if each.likeness >= near])


def _possible(pair: dict[str, Any]) -> bool:
    """One place in the other, as far as both are known."""
    return not (pair["grid"] and pair["other_grid"]) or grid.together(pair["grid"], pair["other_grid"])
