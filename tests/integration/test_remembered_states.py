"""What a process has written it need not read again; if somebody else writes meanwhile, it finds out."""

from collections.abc import Sequence
from typing import Any

import pytest

from chassis.database import Tx
from chassis.effect import REMEMBERED
from services.ticket import store
from tests.integration.ledger import Ledger, cancelled, number_of, offer_expired, submitted

SUSPENDED = "UPDATE ticket SET state = 'suspended' WHERE id = %s RETURNING state"


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The keys of every load."""
    seen: list[list[str]] = []
    plain = store.load

    def load(tx: Tx, keys: Sequence[str]) -> dict[str, Any]:
        seen.append(list(keys))
        return plain(tx, keys)

    monkeypatch.setattr(store, "load", load)
    return seen


def test_what_this_process_has_written_is_not_read_again(ledger: Ledger, loads: list[list[str]]) -> None:
    ledger.take(submitted("1"))
    ledger.take(submitted("2"), cancelled(number_of("1"), "c"))
    ledger.take(offer_expired(number_of("2"), 1))
    assert loads == [[number_of("1")], [number_of("2")]]
    assert ledger.rows("SELECT state FROM ticket ORDER BY received_at") == [("cancelled",), ("received",)]


def test_a_change_by_another_process_is_built_upon(ledger: Ledger, loads: list[list[str]]) -> None:
    ledger.take(submitted("1"))
    ledger.fellow().take(cancelled(number_of("1"), "c"))
    ledger.take(cancelled(number_of("1"), "again"))
    assert loads[2:] == [[number_of("1")]]
    assert ledger.rows("SELECT state FROM ticket") == [("cancelled",)]
    assert [event.sequence for event in ledger.published()] == ["1", "2", "3"]
    assert len(ledger.published("gov.replies")) == 1


def test_nobody_is_refused_because_of_what_is_no_longer_so(ledger: Ledger, loads: list[list[str]]) -> None:
    ledger.take(submitted("1"))
    ledger.take(cancelled(number_of("1"), "c"))
    assert ledger.rows(SUSPENDED, number_of("1")) == [("suspended",)]
    ledger.take(cancelled(number_of("1"), "again"))
    assert loads[1:] == [[number_of("1")]]
    assert ledger.published("gov.replies") == []
    assert ledger.rows("SELECT state FROM ticket") == [("cancelled",)]


def test_what_is_gone_is_not_brought_back(ledger: Ledger, loads: list[list[str]]) -> None:
    ledger.take(submitted("1"))
    ledger.rows("DELETE FROM ticket WHERE id = %s RETURNING id", number_of("1"))
    ledger.take(cancelled(number_of("1"), "c"))
    assert loads[1:] == [[number_of("1")]]
    assert ledger.rows("SELECT state FROM ticket") == []
    assert len(ledger.published("gov.replies")) == 1


def test_what_was_not_committed_is_not_remembered(ledger: Ledger, loads: list[list[str]]) -> None:
    ledger.breaks_on(lambda fact: True, RuntimeError("broken"))
    ledger.take(submitted("1"), offer_expired(number_of("1"), 1))
    ledger.mends()
    loads.clear()
    ledger.take(cancelled(number_of("1"), "c"))
    assert loads == [[number_of("1")]]
    assert ledger.rows("SELECT state FROM ticket") == [("cancelled",)]


def test_what_was_heard_over_a_lost_connection_is_not_trusted(ledger: Ledger, loads: list[list[str]]) -> None:
    ledger.take(submitted("1"))
    ledger.database.close()
    ledger.take(cancelled(number_of("1"), "c"))
    assert loads == [[number_of("1")]] * 2
    assert ledger.rows("SELECT state FROM ticket") == [("cancelled",)]


def test_a_process_remembers_so_many_and_no_more(ledger: Ledger) -> None:
    remembered = ledger.worker.effects.states
    ledger.take(submitted("1"))
    state = remembered.get(number_of("1"))
    assert state
    for number in range(2 * REMEMBERED + 2):
        remembered.put({str(number): state})
    assert remembered.get(number_of("1")) is None
    assert remembered.get(str(2 * REMEMBERED + 1)) is state
