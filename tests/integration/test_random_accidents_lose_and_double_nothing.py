"""Whatever befalls the processes in whatever order, the ledger adds up: a state machine finds the order.

`--hypothesis-profile=deep` looks much longer; `--hypothesis-seed=N` repeats a run of it.
"""

import random
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import pytest
from hypothesis import Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace

from chassis import relay, worker
from chassis.delivery import Arrival, Delivery, read
from contracts.cloudevent import SINGLE
from deploy.local.endpoints import Endpoints
from tests.integration.conftest import clear
from tests.integration.conservation import check
from tests.integration.crew import KILLER, PASSING, POISON, SHAKY, WELL, Crew, Hearing
from tests.integration.ledger import Found, Ledger, number_of, offer_expired, submitted, unwrapped
from tests.integration.mortal import Fate, MortalConfirmed, MortalDatabase

QUICK = settings(
    settings.get_profile("deep"), derandomize=True, phases=[Phase.generate], max_examples=12,
    stateful_step_count=20,
)  # fmt: skip
TICKETS = "1234"
UNHEARD_OF = "unheard of"
WORTH_A_LOOK = 10
"""New events after which a pause in the midst is worth its time."""

fates = st.none() | st.builds(
    Fate,
    nth=st.integers(1, 4),
    moment=st.sampled_from(["before", "after"]),
    kind=st.sampled_from(["death", "death", "cut"]),
)
troubles = st.sampled_from([WELL] * 10 + [SHAKY, PASSING, POISON, KILLER, UNHEARD_OF])
items = st.lists(st.tuples(st.sampled_from("111222334455678?"), troubles), min_size=6, max_size=16)
processes = st.integers(0, 1)
sizes = st.integers(1, 15)


class Accidents(RuleBasedStateMachine):
    """Events come, in any order and number; processes and relays die, start again, and meet."""

    def __init__(self, endpoints: Endpoints, root: Ledger, hearing: Hearing) -> None:
        super().__init__()
        clear(endpoints)
        hearing.forget()
        self.root, self.hearing, self.heard = root, hearing, set[int]()
        self.crew = Crew(root)
        self.sent = dict.fromkeys(TICKETS, 0)
        self.proved = 0

    @initialize(items=items, luck=st.integers(0, 999))
    def begin(self, items: list[tuple[str, str]], luck: int) -> None:
        """The tickets exist, and there is something to do."""
        self.crew.send([submitted(ticket, title=WELL) for ticket in TICKETS])
        self.crew.deliver(0, len(TICKETS))
        self.send(items, luck)

    @rule(items=items, luck=st.integers(0, 999))
    def send(self, items: list[tuple[str, str]], luck: int) -> None:
        """Facts, requests and garbage, shuffled; some come twice, some much later."""
        chance = random.Random(luck)
        found = [self._made(about, trouble, chance) for about, trouble in items]
        found += chance.sample(found, len(found) // 3)
        chance.shuffle(found)
        late = chance.randint(0, 2)
        self.crew.send(found[late:])
        self.crew.send(found[:late], withheld=True)

    def _made(self, about: str, trouble: str, chance: random.Random) -> Found:
        if about == "?":
            return garbage(chance.randint(1, 4))
        if about not in TICKETS:  # perhaps the same request again, perhaps under another event id
            return submitted(about, f"{about}-{chance.randint(1, 2)}-{trouble}", title=trouble)
        self.sent[about] += 1
        fact = offer_expired(number_of(about), self.sent[about], trouble)
        return unheard_of(fact) if trouble == UNHEARD_OF else fact

    @rule(index=processes, size=sizes, fate=fates, killed=st.booleans())
    def deliver(self, index: int, size: int, fate: Fate | None, killed: bool) -> None:
        """A batch, and perhaps an accident with it, or after it, with messages in hand."""
        self.crew.deliver(index, size, fate)
        if killed:
            self.crew.kill(index)

    @rule(size=sizes, one=fates, other=fates)
    def deliver_twice(self, size: int, one: Fate | None, other: Fate | None) -> None:
        """A zombie and its successor take the same batch at once."""
        self.crew.deliver_twice(size, [one, other])

    @rule(index=processes, fate=fates, release=st.booleans())
    def resume(self, index: int, fate: Fate | None, release: bool) -> None:
        """What waits for its next try has it; perhaps what was late has come."""
        if release:
            self.crew.release()
        self.crew.resume(index, fate)

    @rule(many=st.integers(1, 2), fate=fates, spared=st.none() | st.integers(0, 5))
    def publish(self, many: int, fate: Fate | None, spared: int | None) -> None:
        """One relay or two; perhaps one dies in the midst of its messages."""
        self.crew.publish(many, fate, spared)

    @rule(mended=st.booleans(), archive=st.booleans(), pick=st.integers(0, 9))
    def decide(self, mended: bool, archive: bool, pick: int) -> None:
        """An operator sees to a parked record, with or without a mended service."""
        self.crew.mended = mended
        records = self.root.parked()
        if records:
            no = records[pick % len(records)]["no"]
            (self.root.archive if archive else self.root.retry)(no)

    @precondition(lambda self: len(self.crew.accepted) - self.proved >= WORTH_A_LOOK)
    @rule()
    def drain(self) -> None:
        """The accidents pause; everything must add up."""
        self.proved = len(self.crew.accepted)
        self.crew.drain()
        self.heard |= self.hearing.listen()
        found = check(self.root, self.crew.accepted, self.heard)
        note(f"{found.effected.total()} effected, {found.parked.total()} parked")

    def teardown(self) -> None:
        """However it ended, it must add up."""
        self.drain()
        for process in self.crew.processes:
            process.database.close()


def garbage(number: int) -> Found:
    """Something that nobody can read."""
    body = b"{" * number
    (found,) = unwrapped(
        read(Delivery(body=body, content_type=SINGLE, exchange="gov.inbound", publisher="intake"))
    )
    return found


def unheard_of(fact: Arrival) -> Arrival:
    """The same of a type that only a later version knows."""
    return replace(fact, event=replace(fact.event, type="cn.fengge.dispatch.NewFact.v1"))


@pytest.fixture
def hearing(doors: Endpoints) -> Iterator[Hearing]:
    """A queue that hears all."""
    hearing = Hearing(doors)
    yield hearing
    hearing.close()


def test_random_accidents_lose_and_double_nothing(
    migrated: Endpoints, hearing: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "Confirmed", MortalConfirmed)
    for module in (relay, worker):  # what waits a moment before it tries again waits a shorter one
        monkeypatch.setattr(module, "pauses", lambda: repeat(0.01))
    # Where CI is set hypothesis has a profile of its own, which is as little asked for as its default.
    chosen = settings() if settings.get_current_profile_name() == "deep" else QUICK
    urls = migrated.database_url("ticket"), migrated.amqp_url("ticket")
    with Ledger.opened(*urls, MortalDatabase, sweep_after=0) as root:
        machine: Any = lambda: Accidents(migrated, root, hearing)  # noqa: E731
        run_state_machine_as_test(machine, settings=chosen)
