"""Who is told of which fact, and in which words: one table of rules."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from contracts import dispatch, evaluation, ticket
from contracts.event import Event
from contracts.terms import CHINA, Audience
from services.notification.correspondence import Correspondence

DESK = "community_desk"

NOTHING: Mapping[str, int] = {}

Fields = Callable[[Correspondence, Any], Mapping[str, str]]


class Note(Struct, frozen=True, kw_only=True):
    """A rule: the audience, the name and version of the template, and what its blanks are filled with."""

    audience: Audience
    name: str
    version: int = 1
    fields: Fields = lambda about, fact: {}
    needed: Callable[[Any], bool] = lambda fact: True

    def template(self, language: str, newest: Mapping[str, int] = NOTHING) -> str:
        """The template's code, e.g. `ticket_accepted.requester.zh.v1`, in its newest version."""
        words = f"{self.name}.{self.audience}.{language}"
        return f"{words}.v{newest.get(words, self.version)}"

    def blanks(self, about: Correspondence, fact: Any) -> dict[str, str]:
        """All fields on one line each; the ticket's number is always among them."""
        filled = {"number": about.id, **self.fields(about, fact)}
        return {name: " ".join(text.split()) for name, text in filled.items()}


def destination(audience: Audience, about: Correspondence, fact: Any) -> str | None:
    """Whom the message goes to, as a reference; None where there is nobody, e.g. behind a sensor."""
    if audience == "requester":
        return about.requester_ref
    return DESK if audience == "supervisor" or fact.assignee is None else str(fact.assignee)


def moment(at: datetime) -> str:
    """Date and time as the reader's clock shows them."""
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def _waits_for_triage(fact: ticket.TicketReceived) -> bool:
    """With category and place known, acceptance follows at once and its message says the number."""
    return not (fact.category and fact.grid)


def _offer(about: Correspondence, fact: dispatch.OfferMade) -> Mapping[str, str]:
    return {"category": about.category or "-", "grid": about.grid or "-", "until": moment(fact.expires_at)}


def _deadline(_about: Correspondence, fact: ticket.TicketDueSoon | ticket.TicketOverdue) -> Mapping[str, str]:
    return {"clock": fact.kind, "until": moment(fact.due_at), "assignee": fact.assignee or "-"}


def _response(_about: Correspondence, fact: dispatch.ResponseHastened) -> Mapping[str, str]:
    until = fact.expires_at or fact.contact_due_at
    return {"severity": fact.severity, "until": moment(until) if until else "-"}


def _dispute(_about: Correspondence, fact: dispatch.ObjectionOpened) -> Mapping[str, str]:
    return {
        "cause": fact.cause, "assignee": fact.assignee, "code": fact.code, "unit": fact.proposed_unit or "-"
    }  # fmt: skip


def _ruling(about: Correspondence, fact: dispatch.ObjectionRuled) -> Mapping[str, str]:
    return {"category": about.category or "-", "grid": about.grid or "-", "reason": fact.reason_code}


def _call(about: Correspondence, fact: dispatch.DepartmentCalled) -> Mapping[str, str]:
    return {
        "category": about.category or "-", "grid": about.grid or "-", "until": moment(fact.arrive_by),
        "cause": fact.cause, "reason": fact.reason_code,
    }  # fmt: skip


def _escalation(_about: Correspondence, fact: ticket.TicketEscalated) -> Mapping[str, str]:
    return {"owner": fact.owner, "level": fact.level, "former": fact.former, "reason": fact.reason_code}


def _blocked(_about: Correspondence, fact: dispatch.DispatchBlocked) -> Mapping[str, str]:
    return {
        "reason": fact.reason, "detail": fact.detail, "unit": fact.proposed_unit or "-",
        "lists": _nearest(fact.fence) if fact.fence else "-",
    }  # fmt: skip


def _nearest(fence: dispatch.Fence) -> str:
    """The edition of the lists, and what they have instead."""
    told = [f"edition {fence.lists_version}"]
    if fence.category:
        told.append(f"{fence.catalogue}: {fence.category} v{fence.catalogue_version}")
    return ", ".join([*told, *([f"≤ {fence.valid_to}"] if fence.valid_to else [])])


NOTES: dict[type[Event], Note] = {
    ticket.TicketReceived: Note(audience="requester", name="ticket_received", needed=_waits_for_triage),
    ticket.TicketAccepted: Note(
        audience="requester",
        name="ticket_accepted",
        fields=lambda about, fact: {"category": fact.category},
    ),
    ticket.TicketDeclined: Note(
        audience="requester",
        name="ticket_declined",
        fields=lambda about, fact: {"reason": fact.reason_code, "path": fact.statutory_path},
    ),
    ticket.DeclineObjected: Note(audience="requester", name="decline_objected"),
    ticket.TicketTransferred: Note(
        audience="requester", name="ticket_transferred", fields=lambda about, fact: {"line": fact.line}
    ),
    ticket.TicketCancelled: Note(audience="requester", name="ticket_cancelled"),
    ticket.TicketDueSoon: Note(audience="supervisor", name="ticket_due_soon", fields=_deadline),
    ticket.TicketOverdue: Note(audience="supervisor", name="ticket_overdue", fields=_deadline),
    evaluation.RatingRequested: Note(
        audience="requester",
        name="rating_requested",
        fields=lambda about, fact: {"until": moment(fact.window_ends_at)},
    ),
    ticket.TicketReopened: Note(audience="requester", name="ticket_reopened"),
    ticket.TicketMerged: Note(audience="requester", name="ticket_merged"),
    ticket.TicketUnmerged: Note(audience="requester", name="ticket_unmerged"),
    ticket.ParentEnded: Note(
        audience="supervisor",
        name="parent_ended",
        fields=lambda about, fact: {"parent": fact.parent, "state": fact.state},
    ),
    ticket.ReopeningRefused: Note(audience="requester", name="reopening_refused"),
    ticket.TicketClosed: Note(audience="requester", name="ticket_closed", needed=lambda fact: not fact.final),
    dispatch.OfferMade: Note(audience="assignee", name="offer_made", fields=_offer),
    dispatch.AssignmentWithdrawn: Note(
        audience="assignee",
        name="assignment_withdrawn",
        fields=lambda about, fact: {"reason": fact.reason},
    ),
    dispatch.AssignmentRevoked: Note(
        audience="assignee",
        name="assignment_revoked",
        fields=lambda about, fact: {"reason": fact.reason_code},
    ),
    dispatch.DepartmentCalled: Note(audience="assignee", name="department_called", fields=_call),
    dispatch.DepartmentMissed: Note(
        audience="supervisor",
        name="department_missed",
        fields=lambda about, fact: {"department": fact.assignee, "until": moment(fact.arrive_by)},
    ),
    dispatch.AssignmentReopened: Note(
        audience="assignee",
        name="assignment_reopened",
        version=2,
        fields=lambda about, fact: {"until": moment(fact.contact_due_at)},
    ),
    dispatch.ObjectionOpened: Note(audience="supervisor", name="objection_opened", fields=_dispute),
    dispatch.ObjectionRuled: Note(audience="assignee", name="objection_ruled", fields=_ruling),
    dispatch.ResponseHastened: Note(audience="assignee", name="response_hastened", fields=_response),
    dispatch.DispatchBlocked: Note(
        audience="supervisor",
        name="dispatch_blocked",
        version=2,
        fields=_blocked,
    ),
    dispatch.DispatchAlarmed: Note(
        audience="supervisor",
        name="dispatch_alarmed",
        fields=lambda about, fact: {"reason": fact.reason, "about": fact.about},
    ),
    dispatch.RotaGapForeseen: Note(
        audience="supervisor",
        name="rota_gap_foreseen",
        fields=lambda about, fact: {
            "cell": fact.cell,
            "from": moment(fact.starts_at),
            "until": moment(fact.ends_at) if fact.ends_at else "-",
        },
    ),
    ticket.InfoRequested: Note(
        audience="requester",
        name="info_requested",
        fields=lambda about, fact: {"missing": ", ".join(fact.missing), "until": moment(fact.until)},
    ),
    ticket.TicketSuspended: Note(
        audience="requester",
        name="ticket_suspended",
        fields=lambda about, fact: {"plan": fact.plan, "until": moment(fact.review_at)},
    ),
    ticket.DeadlineExtended: Note(
        audience="requester",
        name="deadline_extended",
        fields=lambda about, fact: {"reason": fact.reason_code, "until": moment(fact.due_at)},
    ),
    ticket.FinalAnswerGiven: Note(
        audience="requester",
        name="final_answer_given",
        fields=lambda about, fact: {"answer": fact.answer_code},
    ),
    ticket.TicketReminded: Note(
        audience="assignee",
        name="ticket_reminded",
        fields=lambda about, fact: {"times": str(fact.number)},
    ),
    ticket.AlarmRepeated: Note(
        audience="supervisor",
        name="alarm_repeated",
        fields=lambda about, fact: {
            "kind": fact.kind,
            "device": fact.device,
            "times": str(fact.number),
            "asked": fact.asked or "-",
        },
    ),
    ticket.SensorAlarmCleared: Note(
        audience="assignee",
        name="alarm_cleared",
        fields=lambda about, fact: {"kind": fact.kind, "device": fact.device},
    ),
    ticket.VisitSkipped: Note(
        audience="supervisor", name="visit_skipped", fields=lambda about, fact: {"at": moment(fact.visit_at)}
    ),
    ticket.VisitMissed: Note(
        audience="supervisor",
        name="visit_missed",
        fields=lambda about, fact: {
            "order": fact.order,
            "at": moment(fact.visit_at),
            "until": moment(fact.confirm_by),
            "check": fact.welfare_check,
        },
    ),
    ticket.TicketEscalated: Note(audience="supervisor", name="ticket_escalated", fields=_escalation),
    ticket.TicketSupervised: Note(
        audience="supervisor",
        name="ticket_supervised",
        fields=lambda about, fact: {"level": str(fact.level), "reason": fact.reason_code},
    ),
}
"""Facts that somebody is told of; all others pass in silence, so that nobody stops reading."""
