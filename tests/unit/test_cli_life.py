"""Who holds a ticket, told from its history."""

from datetime import datetime
from typing import Any

import pytest

from cli.life import Life, outside
from cli.merging import written_out
from cli.say import shown

NOON = shown(datetime.fromisoformat("2026-11-16T12:00:00+08:00"))
EXPLANATION = {"place": "G1", "kinds": ["grid_officer"], "candidates": [], "excluded": []}


def fact(name: str, **data: Any) -> dict[str, Any]:
    type_ = f"cn.fengge.dispatch.{name}.v1"
    return {"time": None, "source": "urn:fengge:dispatch", "sequence": 1, "type": type_, "data": data}


OFFER = fact(
    "OfferMade",
    assignee="GO-1",
    kind="grid_officer",
    hop=2,
    expires_at="2026-11-16T12:00:00+08:00",
    explanation=EXPLANATION,
)


def ticket(state: str) -> dict[str, Any]:
    return {"id": "7K3M-9QXR-2B4D-T8WZ", "state": state, "assignee": "GO-1", "assignee_kind": "grid_officer"}


@pytest.mark.parametrize(
    ("state", "history", "holder"),
    [
        ("received", [], "the community desk, which triages it"),
        ("dispatching", [OFFER], f"GO-1 (grid officer), offer 2, which stands until {NOON}"),
        (
            "dispatching",
            [OFFER, fact("OfferExpired")],
            f"GO-1 (grid officer), offer 2, which expired at {NOON}",
        ),
        ("dispatching", [OFFER, fact("ObjectionOpened")], "the adjudicator, who rules whose it is"),
        ("in_progress", [OFFER], "GO-1 (grid officer) has accepted it"),
        ("awaiting_rating", [OFFER], "the requester, who is asked for a rating"),
        ("closed", [OFFER], "nobody: it has ended"),
    ],
)
def test_the_holder_is_who_has_to_move_next(state: str, history: list[dict[str, Any]], holder: str) -> None:
    assert Life(ticket(state), history).holder == holder


def test_a_follower_is_held_by_whoever_holds_its_primary() -> None:
    life = Life(ticket("merged") | {"desk": {"primary": "P", "followers": []}}, [])
    assert life.holder == "whoever holds P, which it follows"
    assert (life.document()["primary"], life.document()["followers"]) == ("P", [])


def test_parts_are_told_with_what_has_become_of_them() -> None:
    kin = {"parent": "P", "children": [{"number": "C", "mandatory": True}]}
    life = Life(ticket("in_progress") | {"desk": kin}, [])
    assert life.document()["parent"] == "P"
    assert life.children == [{"number": "C", "mandatory": True, "state": "open"}]


def test_the_reason_is_that_of_the_last_offer() -> None:
    older = fact("OfferMade", assignee="GO-0", kind="grid_officer", hop=1, expires_at="", explanation={})
    assert Life(ticket("dispatching"), [older, OFFER]).explanation == EXPLANATION
    assert Life(ticket("received"), []).explanation is None


def test_the_history_tells_no_explanation_twice() -> None:
    ((_, publisher, _, name, said),) = Life(ticket("dispatching"), [OFFER]).rows()
    assert (publisher, name) == ("dispatch", "OfferMade")
    assert said == f"assignee GO-1, kind grid_officer, hop 2, expires at {NOON}"


@pytest.mark.parametrize("typed", ["7K3M-9QXR-2B4D-T8WZ", "7k3m9qxr2b4dt8wz", "7k3m 9qxr 2b4d t8wz"])
def test_a_number_may_be_typed_without_its_dashes(typed: str) -> None:
    assert written_out(typed) == "7K3M-9QXR-2B4D-T8WZ"


def test_how_place_and_category_became_known_is_told() -> None:
    suggested = {"category": "trees", "confidence": 40, "model": "m-1", "taken": False}
    received = fact("TicketReceived", grid_by=None, suggested=suggested)
    unknown = fact("PlaceUnknown", reason="ambiguous", candidates=["A", "B"])
    life = Life(ticket("received"), [received, unknown])
    assert life.place is not None
    assert life.place.startswith("unknown as it came: it may be several places")
    assert life.place.endswith("(A, B)")
    assert life.suggestion == "trees, 40 % sure (m-1), left to the desk"
    found = Life(ticket("accepted"), [fact("TicketReceived", grid_by="address", suggested=None)])
    assert (found.place, found.suggestion) == ("found by address", None)
    assert (Life(ticket("accepted"), []).place, Life(ticket("accepted"), []).suggestion) == (None, None)


def test_what_no_list_allows_is_shown_with_list_version_and_unit() -> None:
    fence = {"lists_version": 41, "proposed_unit": "DEP-CG", "catalogue": "need", "catalogue_version": 2,
             "category": "corridor_clutter", "valid_to": "2026-10-31"}  # fmt: skip
    told = outside(fence)
    assert "edition 41" in told
    assert "corridor_clutter (list need, version 2, in force until 2026-10-31)" in told
    assert "proposed unit: DEP-CG" in told
    assert outside({"lists_version": 41}).endswith("proposed unit: none")
