"""No candidate, an empty rota, a contract that ended, an unknown place: an alarm, and always somebody."""

from typing import Any

import pytest
from msgspec.structs import replace

from contracts import dispatch
from services.dispatch.domain import decide, initial
from services.dispatch.engine import Pool
from services.notification.messages import NOTES
from tests.unit.test_dispatch_domain import DESK, ITEM, OFFICER, TICKET, option, start

PLACE = "990101001001"
ROTA = replace(ITEM, kinds=("rota", "grid_officer"))
MEALS = replace(ITEM, kinds=("social_organization",))
RESTING = replace(option("RO-1", "rota"), on_duty=False)
ENDED = replace(option("SO-1", "social_organization", "HT-1"), contract_expired=True)
SPENT = replace(option("SO-1", "social_organization", "HT-1"), quota_left=0)


@pytest.mark.parametrize(
    ("pool", "alarms", "asked"),
    [
        (Pool(place=PLACE, item=ITEM, options=[DESK]), ["no_candidate"], "CD-1"),
        (Pool(place=PLACE, item=ROTA, options=[RESTING, OFFICER, DESK]), ["rota_gap"], "GO-1"),
        (Pool(place=PLACE, item=ROTA, options=[DESK]), ["rota_gap", "no_candidate"], "CD-1"),
        (Pool(place=PLACE, item=MEALS, options=[ENDED, DESK]), ["contract_expired", "no_candidate"], "CD-1"),
        (Pool(place=PLACE, item=MEALS, options=[SPENT, DESK]), ["quota_used_up", "no_candidate"], "CD-1"),
        (Pool(place=None, item=ITEM, options=[DESK]), ["unknown_grid"], "CD-1"),
        (Pool(place=PLACE, item=None, options=[DESK]), ["unknown_category"], "CD-1"),
    ],
    ids=["no candidate", "rota gap", "rota gap and nobody", "ended", "used up", "unknown place", "no list"],
)
def test_what_stands_in_the_way_is_said_and_somebody_is_asked(
    pool: Pool, alarms: list[str], asked: str
) -> None:
    facts: list[Any] = decide(initial(TICKET), start(pool))
    told = [one for one in facts if isinstance(one, dispatch.DispatchAlarmed | dispatch.DispatchBlocked)]
    assert [one.reason for one in told] == alarms
    assert [one.assignee for one in facts if isinstance(one, dispatch.OfferMade)] == [asked]
    assert {NOTES[type(one)].audience for one in told} == {"supervisor"}
