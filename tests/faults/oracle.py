"""Judges a drill by the seven pass conditions, from what the ledgers, the generator and the receivers say.

It shares no code with what it judges. `evidence.py` reads; here is only reckoning.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

HEARS = {
    "ticket": ("dispatch", "evaluation", "notification"),
    "dispatch": ("ticket",),
    "evaluation": ("dispatch", "ticket"),
    "notification": ("dispatch", "evaluation", "ticket"),
    "gateway": ("dispatch", "evaluation", "ticket"),
}
"""Whose facts each service has to take in, every one."""


@dataclass(frozen=True)
class Input:
    """What the broker confirmed to the generator; `digest` is the body's where nobody can read its id."""

    source: str
    id: str
    ticket: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Fact:
    """A fact that a service published about a ticket, and the id of the event that caused it."""

    publisher: str
    ticket: str
    number: int
    type: str
    cause: str

    @property
    def stream(self) -> tuple[str, str]:
        """Publisher and ticket."""
        return self.publisher, self.ticket

    def __str__(self) -> str:
        return f"{self.publisher} {self.number} of {self.ticket}"


@dataclass(frozen=True)
class Parked:
    """An open parked record of a service."""

    service: str
    source: str
    id: str
    digest: str = ""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What everybody says about the tickets of one drill, in the order in which it became true."""

    inputs: Sequence[Input]
    published: Sequence[Fact] = ()
    history: Sequence[Fact] = ()
    refused: Sequence[str] = ()
    """Ids of inputs that were refused, once per refusal (one that only says `parked` is none)."""
    parked: Sequence[Parked] = ()
    positions: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """By (service, publisher, ticket), up to which number the service has taken the facts in."""
    held: frozenset[tuple[str, str, str, int]] = frozenset()
    """(service, publisher, ticket, number) of facts that are parked, or wait behind one that is."""
    letters_sent: Sequence[str] = ()
    """Keys of the letters that notification says it has sent."""
    letters_received: Sequence[str] = ()
    """Keys of the letters in the receiver's folder, once per delivery."""
    pages: Sequence[str] = ()
    """Keys of the messages on the console, once per message."""
    stray: Sequence[str] = ()
    """Messages in a queue or unsent, or rows still waiting, that nothing in a ledger accounts for."""
    chain: str = ""
    """What is wrong with the audit chain."""


@dataclass
class Verdict:
    """What a drill came to; every fault in words."""

    inputs: int = 0
    parked: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    reordered: list[str] = field(default_factory=list)
    stuck: int = 0
    """Tickets still open when the time to recover was over; `wrong` says so as well."""
    wrong: list[str] = field(default_factory=list)
    """What else does not hold: strays, the account, the chain, the time."""
    recover_s: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether all seven conditions hold."""
        return not (self.lost or self.doubled or self.reordered or self.wrong)

    def __str__(self) -> str:
        faults = {name: getattr(self, name) for name in ("lost", "doubled", "reordered", "wrong")}
        said = [f"{len(list_)} {name}: {'; '.join(list_[:5])}" for name, list_ in faults.items() if list_]
        return "\n".join(said) or "nothing lost, doubled or reordered"


def judge(evidence: Evidence, *, repeated_letters: int = 0) -> Verdict:
    """The verdict on a drill that may repeat so many letters (SMTP cannot know what a dead sender knew)."""
    verdict = Verdict(inputs=len(evidence.inputs))
    _judge_inputs(verdict, evidence)
    _judge_side_effects(verdict, evidence, repeated_letters)
    _judge_order(verdict, "published", evidence.published)
    _judge_order(verdict, "history", evidence.history)
    _judge_hearing(verdict, evidence)
    verdict.wrong += [*evidence.stray, *([evidence.chain] if evidence.chain else [])]
    return verdict


def _judge_inputs(verdict: Verdict, evidence: Evidence) -> None:
    """Conditions 1 and 4: every input has facts, or one refusal, or one open parked record."""
    facts: dict[str, Counter[str]] = defaultdict(Counter)
    for fact in evidence.published:
        facts[fact.cause][fact.type] += 1
    refused, parked = Counter(evidence.refused), _parked(evidence.parked)
    effected = 0
    for one in evidence.inputs:
        ways = (bool(facts[one.id]), refused[one.id], parked[one.source, one.id] + parked["", one.digest])
        verdict.parked += ways[2]
        effected += bool(ways[0] or ways[1])
        if sum(ways) == 0:
            verdict.lost.append(f"{one.id} has neither effect nor parked record")
        if sum(ways) > 1 or max(facts[one.id].values(), default=0) > 1:
            verdict.doubled.append(
                f"{one.id} has {dict(facts[one.id])}, {ways[1]} refusals, {ways[2]} parked"
            )
    if len(evidence.inputs) != effected + verdict.parked:
        verdict.wrong.append(
            f"accepted {len(evidence.inputs)} is not effected {effected} + parked {verdict.parked}"
        )


def _parked(records: Iterable[Parked]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for record in records:
        found[record.source, record.id] += 1
        if record.digest:
            found["", record.digest] += 1
    return found


def _judge_side_effects(verdict: Verdict, evidence: Evidence, repeated_letters: int) -> None:
    """Condition 2: every letter that was sent has arrived, and every key appears once."""
    received, pages = Counter(evidence.letters_received), Counter(evidence.pages)
    verdict.lost += [f"letter {key} never arrived" for key in evidence.letters_sent if key not in received]
    repeats = [f"letter {key} arrived {times} times" for key, times in received.items() if times > 1]
    verdict.doubled += repeats[repeated_letters:]
    verdict.doubled += [f"page {key} is shown {times} times" for key, times in pages.items() if times > 1]


def _judge_order(verdict: Verdict, where: str, facts: Sequence[Fact]) -> None:
    """Condition 3: the facts of one publisher about one ticket run 1, 2, 3 …"""
    last: dict[tuple[str, str], int] = defaultdict(int)
    seen: set[tuple[str, str, int]] = set()
    for fact in facts:
        if (*fact.stream, fact.number) in seen:
            verdict.doubled.append(f"{fact} is in {where} again")
            continue
        seen.add((*fact.stream, fact.number))
        if fact.number < last[fact.stream]:
            verdict.reordered.append(f"{fact} comes after {last[fact.stream]} in {where}")
        last[fact.stream] = max(last[fact.stream], fact.number)
    for (publisher, ticket), end in last.items():
        gaps = [number for number in range(1, end) if (publisher, ticket, number) not in seen]
        verdict.lost += [f"{publisher} {number} of {ticket} is missing in {where}" for number in gaps]


def _judge_hearing(verdict: Verdict, evidence: Evidence) -> None:
    """Every published fact was taken in by all who listen, or is held with its reason; none in vain."""
    ends: dict[tuple[str, str], int] = {}
    for fact in evidence.published:
        ends[fact.stream] = max(ends.get(fact.stream, 0), fact.number)
    for service, publisher, ticket, end in _listeners(ends):
        heard = evidence.positions.get((service, publisher, ticket), 0)
        missing = [
            n for n in range(heard + 1, end + 1) if (service, publisher, ticket, n) not in evidence.held
        ]
        verdict.lost += [
            f"{service} never heard {publisher} {number} of {ticket}" for number in sorted(missing)
        ]
        if heard > end:
            verdict.wrong.append(f"{service} heard {publisher} {heard} of {ticket}, which nobody published")
    recorded = {(*fact.stream, fact.number) for fact in evidence.history}
    for fact in evidence.published:
        held = ("ticket", fact.publisher, fact.ticket, fact.number) in evidence.held
        if (*fact.stream, fact.number) not in recorded and not held:
            verdict.lost.append(f"{fact} is not in the history")


def _listeners(ends: Mapping[tuple[str, str], int]) -> Iterator[tuple[str, str, str, int]]:
    for (publisher, ticket), end in ends.items():
        yield from (
            (service, publisher, ticket, end) for service, hears in HEARS.items() if publisher in hears
        )
