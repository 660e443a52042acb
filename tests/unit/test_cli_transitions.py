"""The printed table is the code's table, and the page of the documentation is what is printed."""

from pathlib import Path
from typing import Any

import pytest

from cli.transitions import FORMATS, as_markdown, documents
from cli.views import seen

PAGE = Path(__file__).parents[2] / "docs" / "ticket-life.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == as_markdown() + "\n", "fengge ticket transitions --format markdown writes it"


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_tells_every_state(form: str) -> None:
    text = FORMATS[form]()
    assert not [row["to"] for row in documents() if row["to"] and row["to"] not in text]


def test_the_rows_name_guards_and_people() -> None:
    (approve,) = (row for row in documents() if row["on"] == ["ApproveExtension"])
    assert (approve["number"], approve["who"]) == (13, ["supervisor"])
    assert "other than asker" in approve["guards"]


def fact(name: str, **data: Any) -> dict[str, Any]:
    return {"time": None, "type": f"cn.fengge.ticket.{name}.v1", "data": data}


def test_a_resident_sees_no_internal_note_and_nobody_by_name() -> None:
    history = [
        fact("TicketReceived", channel="resident", category="lighting", external_id="7"),
        fact("OfferMade", assignee="GO-1", explanation={"candidates": [{"assignee": "GO-2"}]}),
        fact("AssignmentAccepted", assignee="GO-1", kind="grid_officer"),
        fact("TicketEscalated", owner="990101001001", reason_code="overdue"),
        fact("TicketCommented", internal=True),
    ]
    notes = [
        {"at": None, "role": "operator", "by": "desk-07", "internal": True, "words": "difficult"},
        {"at": None, "role": "operator", "by": "desk-07", "internal": False, "words": "coming at nine"},
    ]
    told = seen({"id": "T", "state": "assigned", "assignee": "GO-1", "desk": {}}, history, notes)
    assert [line["event"] for line in told["history"]] == ["TicketReceived", "AssignmentAccepted"]
    assert [note["words"] for note in told["notes"]] == ["coming at nine"]
    assert not [word for word in ("GO-1", "desk-07", "difficult", "external") if word in repr(told)]
