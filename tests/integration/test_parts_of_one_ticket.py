"""Parts of a ticket in a real database: opened by post, reported by post, and every fact in its place."""

from typing import Any

from chassis.delivery import Delivery, read
from contracts import dispatch, intake
from contracts.cloudevent import CloudEvent, encode
from contracts.event import Event, type_of
from contracts.numbering import ticket_number
from tests.integration.ledger import DISPATCH, THEN, Ledger, from_outside, number_of, submitted, unwrapped
from tests.integration.test_requests_for_the_same import PLACE, deliver, state, types

SUPERVISOR = {"role": "supervisor", "id": "sup-2"}
WHOLE = number_of("1")
PART = ticket_number("urn:fengge:ticket", f"{WHOLE}/1")
WHO: dict[str, Any] = {"assignment": "a", "assignee": "li", "kind": "grid_officer"}
EXPLAINED = dispatch.Explanation(place="G", kinds=["grid_officer"], candidates=[])
WORK: list[Event] = [
    dispatch.OfferMade(**WHO, hop=1, expires_at=THEN, explanation=EXPLAINED),
    dispatch.AssignmentAccepted(**WHO, hop=1, contact_due_at=THEN),
    dispatch.FirstContactMade(assignment="a", assignee="li", in_time=True),
    dispatch.AssignmentDone(**WHO, resolved="yes"),
]


def work(ticket: str) -> Any:
    """What dispatch publishes when somebody does a ticket."""
    events = [
        CloudEvent(
            specversion="1.0", id=f"{ticket}.dispatch.{n}", source=DISPATCH, type=type_of(type(fact)),
            time=THEN, data=fact, partitionkey=ticket, sequence=str(n), sequencetype="Integer",
        )
        for n, fact in enumerate(WORK, 1)
    ]  # fmt: skip
    content_type, body = encode(events)
    return unwrapped(read(Delivery(body=body, content_type=content_type, exchange="dispatch.events")))


def order(kind: type[Event], number: int, **said: Any) -> Any:
    return from_outside(kind, f"order-{number}", {"ticket": WHOLE, "actor": SUPERVISOR, **said})


def test_the_whole_is_handled_with_its_last_part(ledger: Ledger) -> None:
    ledger.take(submitted("1", **PLACE))
    ledger.take(order(intake.SplitOrdered, 1, parts=[{**PLACE, "category": "trees"}]))
    assert deliver(ledger) == 1
    part = "SELECT state, source, category, desk ->> 'parent' FROM ticket WHERE id = %s"
    assert ledger.rows(part, PART) == [("accepted", "urn:fengge:ticket", "trees", WHOLE)]
    ledger.take(*work(WHOLE))
    assert state(ledger, "1") == "in_progress"
    assert types(ledger, "1")[-1] == "OutcomeKept"
    ledger.take(*work(PART))
    assert deliver(ledger) == 1
    assert state(ledger, "1") == "awaiting_rating"
    assert types(ledger, "1")[-4:] == ["ChildMoved", "TicketHandled", "TicketVerified", "ChildMoved"]
    assert ledger.rows("SELECT state FROM ticket WHERE id = %s", PART) == [("closed",)]
    for ticket in (WHOLE, PART):
        query = "SELECT sequence FROM history WHERE ticket = %s AND source = 'urn:fengge:ticket' ORDER BY no"
        numbers = [number for (number,) in ledger.rows(query, ticket)]
        assert numbers == list(range(1, len(numbers) + 1))


def test_a_refused_order_names_what_is_wrong(ledger: Ledger) -> None:
    ledger.take(submitted("1", **PLACE))
    ledger.take(order(intake.SplitOrdered, 1, parts=[]))
    ledger.take(order(intake.WaiverOrdered, 2, child=PART, reason_code="not_needed"))
    replies = [reply.data.detail for reply in ledger.published("gov.replies")]
    assert replies == ["say which parts", f"it does not wait for {PART}"]


def test_a_supervisor_waives_a_part(ledger: Ledger) -> None:
    ledger.take(submitted("1", **PLACE))
    ledger.take(order(intake.SplitOrdered, 1, parts=[PLACE]))
    ledger.take(*work(WHOLE))
    ledger.take(order(intake.WaiverOrdered, 2, child=PART, reason_code="not_needed"))
    assert state(ledger, "1") == "awaiting_rating"
    assert deliver(ledger) == 1
    assert ledger.rows("SELECT state FROM ticket WHERE id = %s", PART) == [("accepted",)]
