"""What follows from an order that the table of moves has let through."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts import ticket
from contracts.actor import Actor
from services.ticket import desk, letters
from services.ticket.clock import deadline, pause_over, resumed, stricter
from services.ticket.commands import REQUESTER
from services.ticket.escalation import embittered, escalated, supervised, too_often
from services.ticket.outcome import verified
from services.ticket.state import Remark, RemarkRecorded, Ticket


def announced(actor: Actor) -> Actor:
    """The actor as facts name it; a requester has no code of his own there."""
    return REQUESTER if actor.role == "requester" else actor


def _object_to_decline(state: Ticket, command: desk.ObjectToDecline) -> list[Any]:
    """Triage begins anew, with all of its time."""
    objected = ticket.DeclineObjected(by=announced(command.actor), at=command.at)
    return [objected, deadline("triage", state, command)]


def _request_information(state: Ticket, command: desk.RequestInformation) -> list[Any]:
    span = command.rules["information"].span(state.severity, state.category, state.source)
    until = command.calendar.due(command.at, span)
    by = announced(command.actor)
    return [ticket.InfoRequested(missing=command.missing, by=by, at=command.at, until=until)]


def _provide_information(state: Ticket, command: desk.ProvideInformation) -> list[Any]:
    provided = ticket.InfoProvided(by=announced(command.actor), **pause_over(state, command))
    return [_remark(command, command.words, internal=False), provided]


def _ask_suspension(_state: Ticket, command: desk.AskSuspension) -> list[Any]:
    return [ticket.SuspensionRequested(plan=command.plan, review_at=command.review_at, by=command.actor)]


def _approve_suspension(state: Ticket, command: desk.ApproveSuspension) -> list[Any]:
    asked = state.more.suspension
    assert asked
    assert asked.until
    return [
        ticket.TicketSuspended(
            plan=asked.reason, review_at=asked.until, asked_by=asked.by, by=command.actor, at=command.at
        )
    ]


def _ask_extension(_state: Ticket, command: desk.AskExtension) -> list[Any]:
    return [ticket.ExtensionRequested(span=command.span, reason_code=command.reason_code, by=command.actor)]


def _approve_extension(state: Ticket, command: desk.ApproveExtension) -> list[Any]:
    asked, before = state.more.extension, state.due_at
    assert asked
    assert before
    assert state.clock
    return [
        ticket.DeadlineExtended(
            kind=state.clock, span=asked.span, before=before, number=state.more.extensions + 1,
            due_at=command.calendar.extended(before, asked.span), reason_code=asked.reason,
            asked_by=asked.by, by=command.actor,
        )
    ]  # fmt: skip


def _remind(state: Ticket, command: desk.RemindTicket) -> list[Any]:
    return [
        ticket.TicketReminded(
            by=announced(command.actor), at=command.at, number=state.more.reminders + 1,
            assignee=state.assignee,
        )
    ]  # fmt: skip


def _escalate(state: Ticket, command: desk.EscalateTicket) -> list[Any]:
    reason, by = command.reason_code, command.actor
    return [*escalated(state, reason, by), *supervised(state, reason, by)]


def _rework(state: Ticket, command: desk.RequestRework) -> list[Any]:
    number = state.more.sent_back + 1
    asked = ticket.ReworkRequested(by=command.actor, reason_code=command.reason_code, number=number)
    often = too_often(state, command, "reworks", number + state.reworks)
    return [asked, deadline("rework", state, command), *often]


def reopened(state: Ticket, said: Any, command: Any) -> list[Any]:
    """The same lead works again, by a deadline of its own; a follower asks the ticket it follows for it."""
    if state.more.primary:
        return [
            letters.written(state.id, state.more.primary, letters.Unhappy(said.resolved, said.satisfaction))
        ]
    number = state.reworks + 1
    again = ticket.TicketReopened(reworks=number, resolved=said.resolved, satisfaction=said.satisfaction)
    often = too_often(state, command, "reworks", number + state.more.sent_back)
    return [again, deadline("rework", state, command), *often, *embittered(state, said, len(often))]


def _give_final_answer(state: Ticket, command: desk.GiveFinalAnswer) -> list[Any]:
    first = state.more.final
    assert first
    given = ticket.FinalAnswerGiven(answer_code=command.answer_code, proposed_by=first.by, by=command.actor)
    return [given, ticket.TicketClosed(rated=False, at=command.at, final=True)]


def _change_severity(state: Ticket, command: desk.ChangeSeverity) -> list[Any]:
    before: Any = state.severity
    changed = ticket.SeverityChanged(
        before=before, severity=command.severity, by=command.actor, reason_code=command.reason_code
    )
    return [changed, *stricter(state, command)]


def _comment(_state: Ticket, command: desk.AddComment) -> list[Any]:
    commented = ticket.TicketCommented(by=announced(command.actor), internal=command.internal)
    return [_remark(command, command.words, internal=command.internal), commented]


def _remark(command: desk.Order, words: str, *, internal: bool) -> RemarkRecorded:
    return RemarkRecorded(Remark(at=command.at, by=announced(command.actor), words=words, internal=internal))


def _refused(fact: Callable[..., Any]) -> Callable[[Ticket, Any], list[Any]]:
    return lambda state, command: [fact(by=command.actor, reason_code=command.reason_code)]


ORDERS: Mapping[type, Callable[[Ticket, Any], list[Any]]] = {
    desk.ObjectToDecline: _object_to_decline,
    desk.RequestInformation: _request_information,
    desk.ProvideInformation: _provide_information,
    desk.AskSuspension: _ask_suspension,
    desk.ApproveSuspension: _approve_suspension,
    desk.RefuseSuspension: _refused(ticket.SuspensionRefused),
    desk.ResumeTicket: lambda state, command: [resumed(state, command, command.reason_code, command.actor)],
    desk.AskExtension: _ask_extension,
    desk.ApproveExtension: _approve_extension,
    desk.RefuseExtension: _refused(ticket.ExtensionRefused),
    desk.RemindTicket: _remind,
    desk.SuperviseTicket: lambda state, command: supervised(state, command.reason_code, command.actor),
    desk.EscalateTicket: _escalate,
    desk.VerifyOutcome: lambda state, command: verified(state, command.actor.id, command),
    desk.RequestRework: _rework,
    desk.ReopenTicket: lambda state, command: reopened(state, command, command),
    desk.ProposeFinalAnswer: lambda state, command: [
        ticket.FinalAnswerProposed(answer_code=command.answer_code, by=command.actor)
    ],
    desk.GiveFinalAnswer: _give_final_answer,
    desk.ChangeSeverity: _change_severity,
    desk.RecordHandOver: lambda state, command: [
        ticket.EmergencyHandedOver(
            line=command.line, reference=command.reference, at=command.happened_at, by=command.actor
        )
    ],
    desk.AddComment: _comment,
}
