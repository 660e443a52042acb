"""Other rules on past tickets: the same rules move nothing, and what moves leaves its mark; as stories."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.dispatch import rule_file
from services.dispatch.backtest import Trial
from services.dispatch.chain import Step
from services.dispatch.comparison import compared
from services.dispatch.engine import Pool, choose
from services.dispatch.filters import Item, Option
from services.dispatch.rules import Rules
from services.dispatch.way import hops

NOON = datetime(2026, 10, 1, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOW = NOON + 1000 * HOUR
RULES = Rules(version=1)
ITEM = Item(
    category="lighting", version=3, list="need", mode="direct", kinds=("grid_officer",), skills=frozenset()
)


def officer(code: str, **known: Any) -> Option:
    told = {"closeness": 3, "load_cap": 10, "open": 0, "taken": 0} | known
    return Option(assignee=code, kind="grid_officer", unit=None, skills=frozenset(), **told)


def pool(*options: Option, rules: Rules = RULES) -> Pool:
    return Pool(place="p", item=ITEM, options=options, rules=rules)


class Past:
    """What happened, told step by step, and what each was chosen from."""

    def __init__(self) -> None:
        self.steps: dict[str, list[Step]] = {}
        self.choices: list[tuple[str, datetime, int, str | None, Pool | None]] = []

    def begin(self, ticket: str, at: float) -> None:
        """A ticket is accepted."""
        self.steps[ticket] = [Step(at=NOON + at * HOUR, what="started", hop=0, ticket=ticket)]

    def asked(self, ticket: str, at: float, who: str, found: Pool | None, **more: Any) -> None:
        """Somebody is asked, chosen from `found`."""
        hop = sum(one.what in ("offered", "ruled") for one in self.steps[ticket]) + 1
        told = {"what": "offered", **more}
        self._add(ticket, at, hop, who, **told)
        self.choices.append((ticket, NOON + at * HOUR, hop, who, found))

    def then(self, ticket: str, at: float, what: str, **more: Any) -> None:
        """Whoever was asked last does something."""
        last = self.steps[ticket][-1]
        self._add(ticket, at, last.hop, last.assignee or "", what=what, **more)

    def _add(self, ticket: str, at: float, hop: int, who: str, **more: Any) -> None:
        one = Step(
            at=NOON + at * HOUR, hop=hop, assignment=f"{ticket}.{hop}", assignee=who, kind="grid_officer",
            ticket=ticket, **more,
        )  # fmt: skip
        self.steps[ticket].append(one)

    def tried(self, rules: Rules, disputed_at: int = 2) -> Trial:
        """The same with other rules."""
        trial = Trial(rules, {no: hops(steps, NOW) for no, steps in self.steps.items()}, disputed_at)
        for choice in self.choices:
            trial.hear(*choice)
        return trial


NEAR, FAR = officer("A", closeness=4, open=3), officer("B", closeness=3)
IDLE_FIRST = replace(RULES, near=0, version=2)


def one_ticket(*ends: str) -> Past:
    """The near one is asked; what he does, and whoever follows him."""
    past = Past()
    past.begin("T", 0)
    past.asked("T", 0, "A", pool(replace(NEAR, open=0), FAR))
    for number, what in enumerate(ends, 1):
        past.then("T", number, what)
        if what == "returned":
            past.asked("T", number, "B", pool(replace(NEAR, open=0), FAR))
    return past


def test_the_same_rules_move_nothing() -> None:
    told = compared(one_ticket("returned", "accepted", "done").tried(RULES))
    assert (told.moved, told.hops_before, told.hops_after, told.decisions) == (0, 2, 2, 2)
    assert all(work.before == work.after for work in told.assignees)


def test_a_ticket_goes_to_who_did_it_in_the_end_and_takes_a_hop_less() -> None:
    past = Past()
    past.begin("T", 0)
    past.asked("T", 0, "A", pool(NEAR, FAR))
    past.then("T", 1, "returned", note="capacity")
    past.asked("T", 1, "B", pool(NEAR, FAR))
    past.then("T", 2, "accepted")
    past.then("T", 9, "done")
    assert past.tried(RULES).moves == {}
    told = compared(past.tried(IDLE_FIRST))
    (move,) = told.moves
    assert (move.ticket, move.hop, move.before, move.after, move.decided_by) == ("T", 1, "A", "B", "score")
    assert (move.hops_before, move.hops_after, move.estimated) == (2, 1, False)
    assert (told.hops_before, told.hops_after) == (2, 1)
    assert {work.key: (work.before, work.after) for work in told.assignees} == {"A": (1, 0), "B": (1, 1)}
    (kind,) = told.kinds
    assert (kind.before, kind.after, kind.spread_before, kind.spread_after) == (2, 1, 1.0, 2.0)


def test_who_gave_it_back_then_gives_it_back_again_and_the_next_is_asked() -> None:
    past = Past()
    past.begin("T", 0)
    past.asked("T", 0, "A", pool(NEAR, FAR))
    past.then("T", 1, "revoked", note="mistake", by="operator/d")
    past.asked("T", 1, "B", None, note="near", by="operator/d")
    past.then("T", 2, "expired")
    past.asked("T", 2, "A", None, note="near", by="operator/d")
    past.then("T", 3, "done")
    (move,) = compared(past.tried(IDLE_FIRST)).moves
    assert (move.after, move.hops_before, move.hops_after, move.estimated) == ("B", 3, 2, False)


def test_whoever_was_never_asked_for_it_gives_back_as_often_as_he_does() -> None:
    past = Past()
    for number in range(8):  # C gives back every second time
        ticket = f"C{number}"
        past.begin(ticket, number)
        past.asked(ticket, number, "C", pool(officer("C")))
        past.then(ticket, number + 0.5, "returned" if number % 2 else "done")
    past.begin("T", 20)
    past.asked("T", 20, "A", pool(NEAR, officer("C")))
    past.then("T", 21, "done")
    (move,) = compared(past.tried(IDLE_FIRST)).moves
    share = (4 + 4 / 9) / 9
    assert move.estimated
    assert move.hops_after == pytest.approx(1 / (1 - share), abs=0.001)


def test_a_second_return_goes_to_an_adjudicator_in_the_other_world_too() -> None:
    past = Past()
    past.begin("T", 0)
    past.asked("T", 0, "A", pool(NEAR, FAR))
    past.then("T", 1, "expired")
    past.asked("T", 1, "B", pool(NEAR, FAR))
    past.then("T", 2, "returned")
    past.asked("T", 3, "D", None, what="ruled")
    past.then("T", 4, "done")
    (move,) = compared(past.tried(IDLE_FIRST, disputed_at=1)).moves
    assert (move.after, move.hops_after, move.estimated) == ("B", 2, True)


def test_what_went_elsewhere_leaves_its_mark_on_the_loads_of_the_next() -> None:
    past = Past()
    past.begin("S", 0)
    past.asked("S", 0, "A", pool(replace(NEAR, open=3), FAR))  # near counts more than idle: A
    past.begin("T", 1)
    past.asked("T", 1, "A", pool(replace(NEAR, open=4, recent=1.0), replace(FAR, open=3)))
    past.then("T", 2, "done")
    told = compared(past.tried(IDLE_FIRST))
    # S goes to B; at T's time A has one less (3) and B one more (4), so that T stays with A.
    assert [(move.ticket, move.after) for move in told.moves] == [("S", "B")]


def test_a_load_that_has_ended_by_then_leaves_none() -> None:
    past = Past()
    past.begin("S", 0)
    past.asked("S", 0, "A", pool(replace(NEAR, open=3), FAR))
    past.then("S", 0.5, "done")
    past.begin("T", 1)
    past.asked("T", 1, "A", pool(replace(NEAR, open=4), replace(FAR, open=3)))
    told = compared(past.tried(IDLE_FIRST))
    assert [move.ticket for move in told.moves] == ["S", "T"]


def test_a_unit_of_a_contract_that_was_not_held_is_free_for_the_next() -> None:
    item = replace(ITEM, kinds=("social_organization",))

    def seller(code: str, left: int, **known: Any) -> Option:
        return replace(
            officer(code, **known), kind="social_organization", contract=f"K-{code}", quota_left=left, quota=9
        )

    def market(*options: Option) -> Pool:
        return replace(pool(*options), item=item)

    past = Past()
    past.begin("S", 0)
    past.asked("S", 0, "A", market(seller("A", 1, closeness=4, open=3), seller("B", 1)))
    past.then("S", 1, "done")
    past.begin("T", 2)
    past.asked("T", 2, "B", market(seller("A", 0, closeness=4), seller("B", 1, open=1)))
    told = compared(past.tried(IDLE_FIRST))
    assert [(move.ticket, move.before, move.after) for move in told.moves] == [
        ("S", "A", "B"),
        ("T", "B", "A"),
    ]


def test_claims_orders_and_rulings_are_not_chosen_anew() -> None:
    past = Past()
    past.begin("T", 0)
    past.asked("T", 0, "A", pool(NEAR, FAR), by="operator/d")
    past.then("T", 1, "returned")
    past.asked("T", 2, "A", pool(NEAR, FAR), what="ruled", by="adjudicator/j")
    trial = past.tried(IDLE_FIRST)
    assert (trial.decisions, trial.moves) == (0, {})


def test_where_nobody_could_be_asked_the_ticket_goes_to_nobody() -> None:
    past = Past()
    past.begin("T", 0)
    past.asked("T", 0, "A", pool(replace(NEAR, available=False)))
    (move,) = past.tried(RULES).moves.values()
    assert (move.after, move.hops_after, move.estimated) == (None, 1, True)


def test_another_half_life_counts_what_was_asked_before_the_trial() -> None:
    slow = replace(RULES, half_life_days=100.0, version=2)
    even = (officer("A", recent=0.1), officer("B", recent=0.2))
    past = Past()
    past.begin("T", 0)
    past.asked("T", 0, "A", pool(*even))
    trial = Trial(slow, {no: hops(steps, NOW) for no, steps in past.steps.items()}, 2)
    for days in range(1, 4):
        trial.hear("before", NOON - timedelta(days=days), 1, "A", None)
    trial.hear(*past.choices[0])
    assert [move.after for move in trial.moves.values()] == ["B"]


def world(dice: random.Random, tickets: int, rules: Rules) -> Past:
    """Some officers work for a while: loads, shares and answers as they come."""
    past, names = Past(), [f"O{number}" for number in range(5)]
    near = {name: dice.randint(1, 4) for name in names}
    ends: list[tuple[float, str]] = []
    recent: dict[str, tuple[float, float]] = {}

    def options(at: float) -> Sequence[Option]:
        busy = [who for until, who in ends if until > at]
        return [
            officer(
                name, closeness=near[name], load_cap=4, open=busy.count(name),
                recent=faded(name, at), taken=len([who for _, who in ends if who == name]),
            )
            for name in names
        ]  # fmt: skip

    def faded(name: str, at: float) -> float:
        had, since = recent.get(name, (0.0, at))
        return had * float(0.5 ** ((at - since) / 24 / rules.half_life_days))

    for number in range(tickets):
        at, ticket, tried = float(number), f"T{number:03}", list[str]()
        past.begin(ticket, at)
        while choice := choose(found := pool(*options(at), rules=rules), tried):
            who = choice.option.assignee
            past.asked(ticket, at, who, found)
            recent[who] = (faded(who, at) + 1, at)
            ends.append((at + dice.uniform(0.1, 9), who))
            tried.append(who)
            back = dice.random() < 0.3
            past.then(ticket, at, "returned" if back else "accepted")
            if not back:
                past.then(ticket, ends[-1][0], "done")
                break
            ends[-1] = (at, who)
    return past


WEIGHTS = st.builds(
    Rules, version=st.just(1), near=st.integers(0, 30), free=st.integers(0, 60),
    over_share=st.integers(0, 200), share_percent=st.integers(100, 200),
    half_life_days=st.sampled_from([0.5, 7.0]),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), WEIGHTS, WEIGHTS)
def test_the_rules_of_then_move_nothing_and_others_lose_no_ticket(
    seed: int, then: Rules, other: Rules
) -> None:
    past = world(random.Random(seed), 40, then)
    same = compared(past.tried(replace(then, version=9)))
    assert (same.moves, same.hops_after) == ([], same.hops_before)
    told = compared(past.tried(other))
    assert told.tickets == 40
    assert told.moved == len({move.ticket for move in told.moves}) <= told.decisions
    assert all(move.hops_after >= 1 and move.before != move.after for move in told.moves)
    assert all(work.after >= 0 for work in told.assignees)
    settled = sum(work.after for work in told.assignees)
    assert settled >= told.tickets - sum(not steps[1:] for steps in past.steps.values())


def test_rules_are_read_as_written_and_what_is_not_named_stays() -> None:
    assert rule_file.read(rule_file.written(RULES), RULES) == replace(RULES, version=2)
    read = rule_file.read("\ufeffrule,value\nnear,0\nhalf_life_days,3.5\n\n", RULES)
    assert read == replace(RULES, near=0, half_life_days=3.5, version=2)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("near,3\n", "line 1: the columns are rule,value"),
        ("", "line 1: the columns are rule,value"),
        ("rule,value\nfar,3\n", "line 2: 'far' is none of near, skill"),
        ("rule,value\nversion,3\n", "line 2: 'version' is none of"),
        ("rule,value\nnear\n", "line 2: 'near' is none of"),
        ("rule,value\nnear,1.5\n", "line 2: near: '1.5' is no whole number"),
        ("rule,value\nnear,-1\n", "line 2: near: -1 is not between 0 and 1000000"),
        ("rule,value\nhalf_life_days,nan\n", "line 2: half_life_days: nan is not between 0.01"),
        ("rule,value\nshare_percent,99\n", "line 2: share_percent: 99 is not between 100"),
        ("rule,value\nnear,1\nnear,2\n", "line 3: near stands there twice"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_with_line_and_reason(text: str, why: str) -> None:
    with pytest.raises(rule_file.BadRules) as refused:
        rule_file.read(text, RULES)
    assert str(refused.value).startswith(why)


def test_all_that_is_wrong_with_a_file_is_told_at_once() -> None:
    with pytest.raises(rule_file.BadRules) as refused:
        rule_file.read("rule,value\nnear,x\nfar,1\n", RULES)
    assert len(str(refused.value).splitlines()) == 2
