"""A visit of a standing order on its way: its request, and whether somebody was there in time."""

from typing import Any

from contracts import ticket
from contracts.intake import RequestSubmitted
from services.ticket.commands import RegisterRequest
from services.ticket.orders import SOURCE, CheckVisit, Visit, external_id, ticket_of
from services.ticket.state import Intake, Ticket

UNANSWERED = "上门服务未确认，请平安探访 A visit was not confirmed: check on this person"
UNSEEN = ("received", "pending_info", "accepted", "dispatching", "assigned", "declined")
"""States in which nobody has been in touch; who takes a visit back has been heard of."""


def registered(visit: Visit, known: Any) -> RegisterRequest:
    """The command by which a visit or a welfare check becomes a ticket, like any other request."""
    order, plan = visit.order, visit.order.plan
    assert plan
    said = visit.said or Intake(title=plan.category, body="")
    category, severity, title, body = plan.category, "general", said.title, said.body
    if visit.kind == "welfare_check":
        rule = known.rules["visits"].value["welfare_check"]
        category, severity = str(rule["category"]), str(rule["severity"])
        title = f"{UNANSWERED} · {said.title}"[:500]
    request = RequestSubmitted(
        external_id=external_id(order.id, visit.visit_at, visit.kind), channel="system", title=title,
        body=body, category=category, severity=severity, grid=plan.grid,  # type: ignore[arg-type]
        address=said.address, occurred_at=visit.visit_at, requester=said.requester,
        lives_alone=plan.lives_alone,
    )  # fmt: skip
    return RegisterRequest(
        source=SOURCE, request=request, at=known.now, rules=known.rules, calendar=known.calendar
    )


def check(state: Ticket, command: CheckVisit) -> list[Any]:
    """Confirmed where somebody has been in touch; else a welfare check follows."""
    visit = command.visit
    if visit.confirm_by is None or command.at < visit.confirm_by:
        return []
    if state.state not in UNSEEN:
        return [ticket.VisitConfirmed(order=visit.order.id, visit_at=visit.visit_at)]
    return [
        ticket.VisitMissed(
            order=visit.order.id, visit_at=visit.visit_at, confirm_by=visit.confirm_by,
            welfare_check=ticket_of(visit.order.id, visit.visit_at, "welfare_check"), assignee=state.assignee,
        )
    ]  # fmt: skip
