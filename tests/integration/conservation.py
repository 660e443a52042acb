"""Does the ledger add up? Checked from its rows against what was accepted, with nothing of the chassis."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

Ident = tuple[str, str]
HOTLINE, DISPATCH, TICKET = "urn:test:hotline", "urn:fengge:dispatch", "urn:fengge:ticket"

REGISTERED = (
    "SELECT %s::text, causationid FROM history WHERE source = %s AND type LIKE '%%.TicketReceived.%%'"
)
OBSERVED = "SELECT source, ticket || '.dispatch.' || sequence FROM history WHERE source = %s"
REFUSED = """
SELECT body::json #>> '{data,instance}' FROM outbox
WHERE exchange = 'gov.replies' AND NOT (body::json #>> '{data,parked}')::boolean
"""
PARKED = "SELECT source, id FROM parked WHERE state <> 'retried'"
WAITING = "SELECT source, id FROM waiting"
ORDER = "SELECT ticket, source, sequence FROM history WHERE source IN (%s, %s) ORDER BY no"
ARCHIVED = "SELECT partitionkey, source, sequence FROM parked WHERE state = 'archived' AND sequence > 0"
WAITS_FOR_NOBODY = """
SELECT w.source, w.id FROM waiting w WHERE NOT EXISTS (
    SELECT FROM parked p WHERE p.state = 'open' AND (p.source, p.partitionkey) = (w.source, w.partitionkey))
"""
PUBLISHED = "SELECT body FROM outbox WHERE exchange = 'ticket.events' ORDER BY id"
ROWS = "SELECT id, sent_at IS NOT NULL FROM outbox"


class Eyes(Protocol):
    """What can read the ledger."""

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]: ...


@dataclass(frozen=True)
class Account:
    """What became of each event, as often as it did."""

    effected: Counter[Ident]
    parked: Counter[Ident]
    waiting: Counter[Ident]


def account(eyes: Eyes) -> Account:
    """Every event that has an effect, a parked record that was not tried again, or a place in the line."""
    refused = [(HOTLINE, instance) for (instance,) in eyes.rows(REFUSED)]
    effects = eyes.rows(REGISTERED, HOTLINE, TICKET) + eyes.rows(OBSERVED, DISPATCH)
    return Account(_counted(effects + refused), _counted(eyes.rows(PARKED)), _counted(eyes.rows(WAITING)))


def _counted(rows: Iterable[tuple[Any, ...]]) -> Counter[Ident]:
    return Counter((row[0], row[1]) for row in rows)


def check(eyes: Eyes, accepted: Iterable[Ident], heard: Iterable[int]) -> Account:
    """Fails unless nothing is lost, doubled, out of order, unpublished or waiting for nobody."""
    found, each_once = account(eyes), Counter(set(accepted))
    became = found.effected + found.parked + found.waiting
    lost, doubled = sorted(each_once - became), sorted(became - each_once)
    assert (lost, doubled) == ([], [])
    assert eyes.rows(WAITS_FOR_NOBODY) == []
    _check_order(eyes)
    _check_published(eyes, set(heard))
    return found


def _check_order(eyes: Eyes) -> None:
    streams: dict[Ident, list[int]] = {}
    for ticket, source, sequence in eyes.rows(ORDER, DISPATCH, TICKET):
        streams.setdefault((ticket, source), []).append(sequence)
    given_up = {((ticket, source), sequence) for ticket, source, sequence in eyes.rows(ARCHIVED)}
    for stream, numbers in streams.items():
        whole = range(1, numbers[-1] + 1)
        assert numbers == [number for number in whole if (stream, number) not in given_up], stream


def _check_published(eyes: Eyes, heard: set[int]) -> None:
    rows: dict[int, bool] = dict(eyes.rows(ROWS))
    assert heard == rows.keys()
    assert all(rows.values())
    numbers: dict[str, list[int]] = {}
    for (body,) in eyes.rows(PUBLISHED):
        events = msgspec.json.decode(body)
        for event in events if isinstance(events, list) else [events]:
            numbers.setdefault(event["partitionkey"], []).append(int(event["sequence"]))
    for ticket, found in numbers.items():
        assert found == list(range(1, len(found) + 1)), ticket
