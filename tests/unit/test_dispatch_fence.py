"""Work that no list allows is blocked with list, version and a proposed unit."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from contracts import dispatch
from contracts.problem import Refusal
from services.dispatch import commands
from services.dispatch.directory.catalogue import Entry, called, nearest
from services.dispatch.domain import decide, initial
from services.dispatch.engine import Pool, choose
from services.dispatch.fence import Outside, fence
from services.dispatch.filters import Item, Option
from services.dispatch.lists import Lists, Near
from services.notification.correspondence import Correspondence
from services.notification.messages import NOTES
from tests.unit.test_dispatch_domain import DESK, NOON, TICKET, WINDOWS, given, option, start

TODAY = date(2026, 11, 21)
CLUTTER = Item(
    category="corridor_clutter", version=2, list="need", mode="sequential", skills=frozenset(),
    kinds=("grid_officer", "property_company", "department"),
)  # fmt: skip
HALL = replace(DESK, unit="DESK-01")
KEEPER = replace(option("PM-1", "property_company"), unit="WY-1")
BUREAU = replace(option("CG-1", "department"), unit="DEP-CG")
RULED = dispatch.Precedent(
    assignee="FP-1", unit="DEP-FIRE", reason_code="in_their_list", ruled_at=datetime(2026, 5, 1, tzinfo=UTC)
)
LIKE_IT = Near(item=CLUTTER)
ENTRIES = [
    Entry(
        "corridor_clutter",
        1,
        ("楼道堆物", "corridor clutter"),
        date(2024, 1, 1),
        date(2026, 10, 31),
        "安全/消防",
    ),
    Entry("noise", 1, ("施工噪音", "construction noise"), date(2024, 1, 1), None, "环境保护/噪声污染"),
    Entry("noise", 2, ("施工噪音", "construction noise"), date(2027, 1, 1), None, "环境保护/噪声污染"),
]


def outside(*options: Option, near: Near | None = LIKE_IT, ruled: Any = None) -> Outside:
    return Outside(lists_version=41, near=near, options=options, precedent=ruled)


@pytest.mark.parametrize(
    ("label", "found"),
    [
        ("楼道堆物", ("corridor_clutter", 1)),
        ("楼 道堆物", ("corridor_clutter", 1)),
        ("噪声污染", ("noise", 1)),
        ("夜间施工噪音", ("noise", 1)),
        ("医疗卫生", None),
        ("安全", None),
    ],
    ids=[
        "over",
        "over, in other letters",
        "a branch of the tree",
        "alike",
        "nothing alike",
        "only what is over",
    ],
)
def test_nearest_is_the_same_at_another_time_or_what_is_much_alike(
    label: str, found: tuple[str, int] | None
) -> None:
    entry = nearest(label, *called(ENTRIES, TODAY))
    assert (entry and (entry.category, entry.version)) == found


@pytest.mark.parametrize(
    ("case", "unit"),
    [
        (outside(KEEPER, BUREAU, HALL, ruled=RULED), "DEP-FIRE"),
        (outside(BUREAU, KEEPER, HALL), "WY-1"),
        (outside(BUREAU, HALL), "DEP-CG"),
        (outside(option("GO-1", "grid_officer"), HALL), "DESK-01"),
        (outside(BUREAU, HALL, near=None), "DESK-01"),
        (outside(near=None), None),
    ],
    ids=["a ruling", "the order of kinds", "who is there", "no unit does it", "nothing near", "nobody"],
)
def test_proposed_is_who_was_ruled_or_does_the_like_or_the_desk(case: Outside, unit: str | None) -> None:
    assert fence(case).proposed_unit == unit


def test_list_and_version_are_those_of_the_nearest_entry() -> None:
    told = fence(outside(HALL, near=Near(item=CLUTTER, valid_to=date(2026, 10, 31))))
    assert (told.lists_version, told.catalogue, told.catalogue_version) == (41, "need", 2)
    assert (told.category, told.valid_to) == ("corridor_clutter", "2026-10-31")
    assert fence(outside(HALL, near=None)).catalogue is None


def test_the_fact_and_the_explanation_of_the_desk_say_it_and_nobody_else_is_asked() -> None:
    told = fence(outside(BUREAU, HALL))
    pool = Pool(place="990101001001", item=None, options=[BUREAU, HALL], fence=told)
    _, blocked, offer = decide(initial(TICKET), start(pool))
    assert (blocked.reason, blocked.proposed_unit, blocked.fence) == ("unknown_category", "DEP-CG", told)
    assert (offer.assignee, offer.explanation.fence) == ("CD-1", told)
    assert [(one.assignee, one.reason) for one in offer.explanation.excluded] == [("CG-1", "outside_fence")]


def test_whom_a_ruling_names_is_asked_for_what_no_list_has() -> None:
    fire = replace(option("FP-1", "department"), unit="DEP-FIRE")
    pool = Pool(place="990101001001", item=None, options=[HALL, fire], precedent=RULED)
    choice = choose(pool, ())
    assert choice
    assert choice.option == fire


def test_what_a_list_has_carries_no_fence() -> None:
    _, started, offer, *_ = decide(initial(TICKET), start())
    assert (started.catalogue, started.catalogue_version) == ("service_item", 1)
    assert offer.explanation.fence is None


def test_who_may_not_do_it_and_claims_it_is_told_the_list_and_its_version() -> None:
    claimable = replace(CLUTTER, mode="claim")
    pool = Pool(place="990101001001", item=claimable, options=[option("GO-1", "grid_officer"), DESK])
    claim = commands.ClaimOffer(
        assignment=f"{TICKET}.1", assignee="VT-1", option=option("VT-1", "volunteer_team"), open_claims=0,
        pool=pool, windows=WINDOWS, at=NOON,
    )  # fmt: skip
    (refused,) = decide(given(start(pool)), claim)
    assert isinstance(refused, Refusal)
    assert "outside_fence (list need, corridor_clutter version 2" in refused.detail


def test_units_are_looked_for_to_be_proposed_and_nobody_else() -> None:
    lists = Lists(41, {"noise": CLUTTER}, {"clutter": Near(item=CLUTTER)})
    assert lists.kinds("clutter") == {"property_company", "department", "community_desk"}
    assert lists.kinds("noise") == {*CLUTTER.kinds, "community_desk"}
    assert lists.kinds("nothing") == {"community_desk"}
    assert (lists.code("noise"), lists.code("clutter")) == ("corridor_clutter", "clutter")


def test_the_desk_reads_lists_version_and_unit_in_its_message() -> None:
    told = fence(outside(BUREAU, near=Near(item=CLUTTER, valid_to=date(2026, 10, 31))))
    fact = dispatch.DispatchBlocked(
        reason="unknown_category", detail="楼道堆物", proposed_unit=told.proposed_unit, fence=told
    )
    blanks = NOTES[dispatch.DispatchBlocked].blanks(Correspondence(id=TICKET), fact)
    assert blanks["lists"] == "edition 41, need: corridor_clutter v2, ≤ 2026-10-31"
    assert blanks["unit"] == "DEP-CG"
    nobody = dispatch.DispatchBlocked(reason="no_candidate", detail="haircut")
    assert NOTES[dispatch.DispatchBlocked].blanks(Correspondence(id=TICKET), nobody)["lists"] == "-"
