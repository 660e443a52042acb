"""The ledger check: accepted = effected + waiting + parked + under way, in each service, for each ticket."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct

from cli.audit import store
from cli.audit.runs import compared, facts_in
from cli.audit.store import Forgotten, Keys, Ledgers
from cli.audit.streams import Stream, read_stream
from deploy.topology import heard_by

WORDS = {
    "missing": "was published and never arrived 已发布未到达",
    "ahead": "was taken in, but its publisher knows nothing of it 发布方无此记录",
    "unrecorded": "is not in the history 未入历史",
    "unexpected": "is in the history, but should not be 历史多出",
    "doubled": "is in the history more than once 历史重复",
    "disordered": "stands out of order in the history 历史次序颠倒",
    "unsent": "was not published for long 久未发出",
    "stuck": "waits though its predecessor is there 前序已到仍等待",
    "gap": "waits for a predecessor that does not come 前序未到",
    "overdue": "was to be tried again and is not 逾期未重试",
}


class Fault(Struct, frozen=True, kw_only=True):
    """One ticket that does not add up in one service."""

    service: str
    ticket: str
    what: str
    detail: str


class Account(Struct, kw_only=True):
    """What became of the events that one service was to take in."""

    service: str
    accepted: int = 0
    effected: int = 0
    waiting: int = 0
    parked: int = 0
    under_way: int = 0
    missing: int = 0

    @property
    def balanced(self) -> bool:
        """Whether every event is accounted for."""
        return self.accepted == self.effected + self.waiting + self.parked + self.under_way


@dataclass
class Audit:
    """What the ledgers come to."""

    accounts: list[Account] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    parked: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    """(service, ticket, source, event id, reason) of each open record."""

    @property
    def balanced(self) -> bool:
        """Whether everything adds up; what is parked does, but somebody has to decide."""
        return not self.faults and all(account.balanced for account in self.accounts)


def audited(ledgers: Ledgers, services: Sequence[str], since: datetime | None, grace: float) -> Audit:
    """Checks the ledgers of `services`, or what they say of the tickets touched `since` then.

    Seconds of `grace` are what an event may be under way; every later one has a place or is a fault.
    """
    keys: Keys = None
    if since:
        with store.moment(ledgers["ticket"]) as tx:
            keys = store.touched(tx, since)
    found = Audit()
    for service in services:
        _check_ledger(found, ledgers, service, grace)
        heard = [publisher for publisher in heard_by(service) if publisher in services]
        streams = [read_stream(ledgers, publisher, service, keys, grace) for publisher in heard]
        found.accounts.append(_account(found, ledgers, service, streams, whole=keys is None))
        if service == "ticket":
            _check_history(found, ledgers, keys)
    return found


def _account(
    found: Audit, ledgers: Ledgers, service: str, streams: Iterable[Stream], *, whole: bool
) -> Account:
    account = Account(service=service)
    for stream in streams:
        fates = stream.fates()
        account.effected += stream.effected
        account.accepted += stream.effected + sum(fates.values())
        account.waiting += fates["waiting"]
        account.parked += fates["parked"]
        account.under_way += fates["under way"]
        account.missing += fates["missing"]
        found.faults += _lost(service, stream)
    if whole:
        with store.moment(ledgers[service]) as tx:
            outside = store.counts(tx)
        account.accepted += outside.inbox
        account.effected += outside.inbox - outside.waiting_outside - outside.parked_outside
        account.waiting += outside.waiting_outside
        account.parked += outside.parked_outside
    return account


def _lost(service: str, stream: Stream) -> Iterable[Fault]:
    for ticket, numbers in stream.missing().items():
        detail = f"{stream.publisher} {_listed(numbers)}"
        yield Fault(service=service, ticket=ticket, what="missing", detail=detail)
    for ticket, (said, position) in stream.ahead().items():
        detail = f"{stream.publisher} has published {said}, {position} were taken in"
        yield Fault(service=service, ticket=ticket, what="ahead", detail=detail)


def _check_ledger(found: Audit, ledgers: Ledgers, service: str, grace: float) -> None:
    """What can be seen in one ledger alone: messages and events that are left lying."""
    with store.moment(ledgers[service]) as tx:
        unsent, forgotten, parked = store.unsent_for(tx, grace), store.forgotten(tx, grace), store.parked(tx)
    found.parked += [(service, *record) for record in parked]
    for id_, at, body in unsent:
        lying: Counter[str] = Counter(ticket for ticket, _, _ in facts_in(body))
        for ticket, number in lying.items():
            detail = f"{number} events in message {id_} of {at:%Y-%m-%d %H:%M:%S}"
            found.faults.append(Fault(service=service, ticket=ticket, what="unsent", detail=detail))
    excused = {(ticket, source) for ticket, source, _, _ in parked}
    excused |= {(one.ticket, one.source) for one in forgotten if one.due_at}
    for one in forgotten:
        what = _why_forgotten(one, excused)
        if what:
            detail = f"{_name(one.source)} {one.sequence}, the last one was {one.position}"
            found.faults.append(Fault(service=service, ticket=one.ticket, what=what, detail=detail))


def _why_forgotten(one: Forgotten, excused: set[tuple[str, str]]) -> str | None:
    """What is wrong with an event that has waited for long; None where another one holds it back."""
    if one.due_at:
        return "overdue"
    if one.position >= one.sequence - 1:
        return "stuck"
    return None if (one.ticket, one.source) in excused else "gap"


def _check_history(found: Audit, ledgers: Ledgers, keys: Keys) -> None:
    """Of each ticket and publisher, the history holds 1..n in order, n being how far the ledger is."""
    with store.moment(ledgers["ticket"]) as tx:
        for ticket, source, owed in store.uneven(tx, "urn:fengge:ticket", keys):
            due = set(range(1, owed + 1)) - store.given_up(tx, ticket, source)
            run = compared(store.run(tx, ticket, source), due)
            wrong = {
                "unrecorded": run.missing,
                "unexpected": run.unexpected,
                "doubled": list(run.doubled),
                "disordered": [] if run.doubled or not run.disordered else sorted(due),
            }
            told = {what: f"{_name(source)} {_listed(numbers)}" for what, numbers in wrong.items() if numbers}
            found.faults += [
                Fault(service="ticket", ticket=ticket, what=what, detail=detail)
                for what, detail in told.items()
            ]


def _name(source: str) -> str:
    return source.rpartition(":")[2]


def _listed(numbers: Sequence[int]) -> str:
    """Numbers as ranges: 3–5, 9."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ", ".join(f"{first}–{last}" if last > first else str(first) for first, last in ranges)
