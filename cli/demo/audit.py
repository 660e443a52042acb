"""Draws up the account of a demo from the four databases: nothing lost, nothing done twice."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.audit import store as ledgers
from cli.audit.runs import Fact, compared, facts_in
from cli.demo import store
from cli.demo.account import ENDED, Account, count, name_of
from cli.demo.store import Requests
from cli.place import Place
from contracts.registry import SERVICES


@dataclass(frozen=True)
class Ledger:
    """What the four databases say about the requests of a demo; rows as `cli.demo.store` describes them."""

    requests: Requests
    tickets: Sequence[tuple[Any, ...]]
    facts: Sequence[tuple[Any, ...]]
    parked: Sequence[tuple[str, str, str, str]] = ()
    published: Mapping[Fact, int] = field(default_factory=dict)
    """How often each (ticket, publisher, sequence) was committed to be published."""
    under_way: int = 0


def drawn_up(
    place: Place, requests: Requests, confirmed: int, community: Callable[[str | None], str]
) -> Account:
    """The account of `requests`, of which the broker confirmed `confirmed`, from all four databases."""
    return judged(_read(place, requests), confirmed, community)


def judged(ledger: Ledger, confirmed: int, community: Callable[[str | None], str]) -> Account:
    """The account that a ledger comes to, with every fault in words."""
    account = Account(confirmed, under_way=ledger.under_way)
    _place_requests(account, ledger)
    _check_history(account, ledger)
    count(account, ledger.tickets, ledger.facts, community)
    return account


def _read(place: Place, requests: Requests) -> Ledger:
    with place.transaction("ticket") as tx:
        tickets, facts = store.tickets(tx, requests), store.facts(tx, requests)
    parked: list[tuple[str, str, str, str]] = []
    published: Counter[Fact] = Counter()
    under_way = 0
    for service in SERVICES:
        with place.transaction(service) as tx:
            parked += ledgers.parked(tx)
            under_way += ledgers.under_way(tx)
            for body in store.published(tx, service):
                published.update(facts_in(body))
    return Ledger(requests, tickets, facts, parked, published, under_way)


def _place_requests(account: Account, ledger: Ledger) -> None:
    """Each request is ended, parked (itself, or an event of its open ticket) or open; else it is lost."""
    requests, tickets, parked = ledger.requests, ledger.tickets, ledger.parked
    found = Counter((source, external_id) for _, source, external_id, *_ in tickets)
    account.doubled += [f"{number} tickets for one request" for number in found.values() if number > 1]
    parked_tickets = {ticket for ticket, *_ in parked if ticket}
    parked_events = {(source, id_) for _, source, id_, _ in parked}
    ours = {ticket[0] for ticket in tickets}
    account.parked_records.update(
        reason for ticket, source, id_, reason in parked if ticket in ours or (source, id_) in set(requests)
    )
    for number, _, _, state, _, _, live in tickets:
        if state not in ENDED and number in parked_tickets:
            account.parked += 1
        else:
            account.states[state] += 1
            account.stale += state not in ENDED and not live
    without = [request for request in requests if request not in found]
    account.parked += sum(request in parked_events for request in without)
    unaccounted = account.accepted - account.closed - account.open - account.parked
    account.lost += ["a request has neither ticket nor parked record"] * max(0, unaccounted)


def _check_history(account: Account, ledger: Ledger) -> None:
    """Every published fact stands once in the history, and each publisher's facts run 1..n without a gap."""
    facts, published = ledger.facts, ledger.published
    ours = {ticket[0] for ticket in ledger.tickets}
    runs: dict[tuple[str, str], list[int]] = {}
    for ticket, source, sequence, *_ in facts:
        runs.setdefault((ticket, source), []).append(sequence)
    account.events = len({fact[:3] for fact in facts})
    last = {stream: max(numbers) for stream, numbers in runs.items()}
    for ticket, source, sequence in published:
        if ticket in ours:
            last[ticket, source] = max(last.get((ticket, source), 0), sequence)
    for (ticket, source), end in sorted(last.items()):
        run = compared(runs.get((ticket, source), []), range(1, end + 1))
        account.lost += [f"{(ticket, source, number)} is not in the history" for number in run.missing]
        account.doubled += [
            f"{(ticket, source, number)} is recorded {times} times" for number, times in run.doubled.items()
        ]
    account.doubled += [
        f"{fact} is published {n} times" for fact, n in published.items() if n > 1 and fact[0] in ours
    ]
    sent = Counter(data["key"] for *_, type_, data, _, _, _ in facts if name_of(type_) == "NotificationSent")
    account.doubled += [f"message {key} was sent {times} times" for key, times in sent.items() if times > 1]
