"""A ticket's way from one to the next: hops, how long each had it, what he was chosen from; told as steps."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts import dispatch
from contracts.actor import Actor
from contracts.registry import events_of
from services.dispatch.chain import STEPS, Step, step
from services.dispatch.way import Hop, hops

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
JUDGE = Actor(role="adjudicator", id="judge")
NO_STEPS = {
    "DispatchAlarmed", "ObjectionOpened", "ResponseHastened", "FirstContactMade", "DepartmentCalled",
    "DepartmentArrived", "DepartmentMissed", "RotaGapForeseen",
}  # fmt: skip
"""What moves the work from nobody to nobody."""


def at(hours: float, what: str, hop: int = 1, who: str | None = "A", **more: Any) -> Step:
    kind = "grid_officer" if who else None
    return Step(
        at=NOON + hours * HOUR, what=what, hop=hop, assignment=f"T.{hop}", assignee=who, kind=kind, **more
    )


START = Step(at=NOON, what="started", hop=0)


def way(*steps: Step, now: float = 100) -> list[Hop]:
    return hops([START, *steps], NOON + now * HOUR)


def test_every_fact_that_moves_the_work_is_a_step_and_no_other() -> None:
    facts = {event.__name__ for event in events_of(dispatch)}
    assert {fact.__name__ for fact in STEPS} == facts - NO_STEPS


def test_each_has_had_it_from_when_he_was_asked_until_he_gave_it_up() -> None:
    first, second = way(
        at(0, "offered"), at(2, "returned", note="capacity"), at(2, "offered", 2, "B"),
        at(3, "accepted", 2, "B"), at(7, "done", 2, "B", note="yes"),
    )  # fmt: skip
    assert (first.dwell, first.until) == (2 * HOUR, NOON + 2 * HOUR)
    assert (first.ended, first.ended_note) == ("returned", "capacity")
    assert (second.dwell, second.accepted_at, second.ended) == (5 * HOUR, NOON + 3 * HOUR, "done")
    assert (first.tried, second.tried) == ((), ("A",))


def test_who_has_it_still_has_had_it_until_now() -> None:
    (only,) = way(at(1, "offered"), at(2, "accepted"), now=5)
    assert (only.dwell, only.ended, only.until) == (4 * HOUR, None, None)


def test_a_rework_counts_and_the_time_in_between_does_not() -> None:
    (only,) = way(at(0, "offered"), at(4, "done"), at(30, "reopened"), at(33, "done"))
    assert only.dwell == 7 * HOUR
    (again,) = way(at(0, "offered"), at(4, "done"), at(30, "reopened"), now=31)
    assert (again.dwell, again.ended) == (5 * HOUR, None)


def test_the_time_of_a_dispute_is_nobody_s_and_the_ruling_is_a_hop() -> None:
    _, ruled = way(at(0, "offered"), at(1, "returned"), at(9, "ruled", 2, "B", by="adjudicator/judge"))
    assert (ruled.waited, ruled.way, ruled.by) == (8 * HOUR, "ruled", "adjudicator/judge")


def test_a_claim_is_of_whoever_takes_it_or_over_when_the_next_is_asked() -> None:
    (taken,) = way(at(0, "opened", who=None), at(1, "accepted", who="C"), now=3)
    assert (taken.assignee, taken.accepted_at, taken.dwell) == ("C", NOON + HOUR, 3 * HOUR)
    left, asked = way(at(0, "opened", who=None), at(2, "offered", 2, "B"), now=3)
    assert (left.ended, left.dwell, left.assignee, asked.tried) == ("expired", 2 * HOUR, None, ())
    given_up = way(
        at(0, "opened", who=None), at(1, "accepted", who="C"), at(2, "revoked", who="C"), at(2, "offered", 2)
    )
    assert given_up[1].tried == ("C",)


def test_two_who_are_asked_together_were_chosen_from_the_same() -> None:
    first, second = way(
        at(0, "offered"), at(0, "offered", 2, "B"), at(1, "withdrawn"), at(1, "accepted", 2, "B")
    )
    assert first.tried == second.tried == ()
    assert second.waited == timedelta(0)
    assert first.ended == "withdrawn"


def test_who_took_it_back_is_not_taken_for_who_ordered_it() -> None:
    first, second = way(
        at(0, "offered", note="direct"), at(1, "revoked", note="mistake", by="operator/d"),
        at(1, "offered", 2, "B", note="near", by="operator/d"), at(2, "expired", 2, "B"),
    )  # fmt: skip
    assert (first.by, first.ended_by, first.ended_note) == (None, "operator/d", "mistake")
    assert (second.by, second.note, second.ended_by) == ("operator/d", "near", None)


def test_whose_shift_is_over_may_be_asked_again_in_his_next() -> None:
    *_, next_one = way(at(0, "offered"), at(8, "revoked", note="shift_over"), at(8, "offered", 2, "B"))
    assert next_one.tried == ()


def test_a_dispatch_that_begins_anew_asks_everybody_again() -> None:
    again = Step(at=NOON + 5 * HOUR, what="started", hop=0)
    *_, last = way(at(0, "offered"), at(1, "withdrawn"), again, at(5, "offered", 2))
    assert last.tried == ()


def test_what_began_before_ways_were_kept_is_left_out() -> None:
    assert way(at(0, "accepted"), at(1, "done")) == []


def test_an_order_is_kept_with_its_person_reason_and_what_was_waived() -> None:
    ordered = dispatch.Ordered(by=Actor(role="operator", id="d"), reason_code="near", waived=["load_cap"])
    told = dispatch.Explanation(place="p", kinds=[], candidates=[], ordered=ordered)
    offer = dispatch.OfferMade(
        assignment="T.1", assignee="A", kind="department", hop=1, expires_at=NOON, explanation=told, unit="u"
    )
    assert step(offer) == {
        "what": "offered", "hop": 1, "assignment": "T.1", "assignee": "A", "kind": "department", "unit": "u",
        "note": "near (waived: load_cap)", "by": "operator/d",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "what"), [("unknown_grid", "started"), ("no_candidate", "blocked"), ("no_desk", "blocked")]
)
def test_a_dispatch_that_no_list_has_begins_all_the_same(reason: Any, what: str) -> None:
    kept = step(dispatch.DispatchBlocked(reason=reason, detail="x"))
    assert kept
    assert (kept["what"], kept["note"]) == (what, reason)


def test_a_ruling_is_kept_with_who_ruled() -> None:
    ruled = dispatch.ObjectionRuled(
        assignment="T.3", assignee="B", kind="department", hop=3, reason_code="in_their_list", by=JUDGE
    )
    kept = step(ruled)
    assert kept
    assert (kept["by"], kept["note"]) == ("adjudicator/judge", "in_their_list")
