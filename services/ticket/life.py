"""The life of a ticket: how facts change its state, by the one table of its moves."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from contracts import dispatch, ticket
from services.ticket import alarms, objection
from services.ticket.clock import (
    after_deadline,
    after_extension,
    after_information_asked,
    after_resumption,
    after_suspension,
    with_desk,
)
from services.ticket.letters import LettersRead, LetterWritten, Unhappy
from services.ticket.moves import MOVES
from services.ticket.state import (
    LIVE,
    OPEN,
    Asked,
    Child,
    ChildBegun,
    Intake,
    RemarkRecorded,
    RequestRecorded,
    Ticket,
)

__all__ = ["LIVE", "MOVES", "OPEN", "Intake", "RequestRecorded", "Ticket", "evolve", "initial"]


def initial(key: str) -> Ticket:
    """A ticket nobody has heard of yet."""
    return Ticket(id=key)


def evolve(state: Ticket, fact: Any) -> Ticket:
    """The ticket after `fact`; a fact that is no legal move is on record but moves nothing."""
    change = CHANGES.get(type(fact))
    moved = MOVES.get((state.state, type(fact)))
    if moved is not None:
        state = replace(state, state=moved, alarm_at=state.alarm_at if moved in OPEN else None)
    elif type(fact) in MOVING:
        return state
    return change(state, fact) if change else state


def _after_received(state: Ticket, fact: ticket.TicketReceived) -> Ticket:
    state = with_desk(state, suggested=fact.suggested) if fact.suggested else state
    return replace(
        state, source=fact.source, external_id=fact.external_id, channel=fact.channel, severity=fact.severity,
        category=fact.category, grid=fact.grid, requester_ref=fact.requester_ref,
        lives_alone=fact.lives_alone,
    )  # fmt: skip


def _after_accepted(state: Ticket, fact: ticket.TicketAccepted) -> Ticket:
    state = replace(state, category=fact.category, severity=fact.severity, grid=fact.grid)
    return with_desk(state, owner=None, suggested=None) if state.desk else state


def _after_assigned(state: Ticket, fact: dispatch.AssignmentAccepted) -> Ticket:
    state = objection.settled(state)
    state = replace(state, assignment=fact.assignment, assignee=fact.assignee, assignee_kind=fact.kind)
    return alarms.after_reaction(state)


def _after_returned(state: Ticket, _fact: dispatch.AssignmentReturned) -> Ticket:
    """Nobody holds it now; what its holder had asked for is gone with him."""
    state = replace(state, assignment=None, assignee=None, assignee_kind=None)
    return with_desk(state, returns=state.more.returns + 1, suspension=None, extension=None)


def _after_revoked(state: Ticket, _fact: dispatch.AssignmentRevoked) -> Ticket:
    """Nobody holds it now, and nobody has said that it is not his."""
    state = replace(state, assignment=None, assignee=None, assignee_kind=None)
    return with_desk(state, suspension=None, extension=None) if state.desk else state


def _after_suspension_request(state: Ticket, fact: ticket.SuspensionRequested) -> Ticket:
    return with_desk(state, suspension=Asked(fact.by, fact.plan, until=fact.review_at))


def _after_extension_request(state: Ticket, fact: ticket.ExtensionRequested) -> Ticket:
    return with_desk(state, extension=Asked(fact.by, fact.reason_code, span=fact.span))


def _after_decline(state: Ticket, fact: ticket.TicketDeclined) -> Ticket:
    return with_desk(state, declined_at=fact.at)


def _after_warning(state: Ticket, fact: ticket.TicketDueSoon) -> Ticket:
    if fact.kind == "objection":
        return objection.objection_alarm(state, fact.due_at)
    return objection.own_alarm(state, fact.due_at)


def _after_overdue(state: Ticket, fact: ticket.TicketOverdue) -> Ticket:
    """Who hears of it next says the fact that follows."""
    if fact.kind == "objection":
        return objection.objection_alarm(state, None)
    return objection.own_alarm(state, None)


def _after_escalation(state: Ticket, fact: ticket.TicketEscalated) -> Ticket:
    """A person's order leaves the alarms as they are."""
    state = with_desk(state, owner=fact.owner)
    if fact.by:
        return state
    if fact.reason_code == objection.OVERDUE:
        return objection.objection_alarm(state, fact.next_at)
    return objection.own_alarm(state, fact.next_at)


def _after_supervision(state: Ticket, fact: ticket.TicketSupervised) -> Ticket:
    """Above the top nobody is left to be told again."""
    state = with_desk(state, supervision=fact.level)
    if fact.by is None and fact.reason_code == objection.OVERDUE:
        return objection.objection_alarm(state, None)
    return objection.own_alarm(state, None) if fact.reason_code == "overdue" and fact.by is None else state


def _after_cancelled(state: Ticket, _fact: ticket.TicketCancelled) -> Ticket:
    return with_desk(state, pause=None, objection=None) if state.desk else state


def _after_reminder(state: Ticket, fact: ticket.TicketReminded) -> Ticket:
    return with_desk(state, reminded_at=fact.at, reminders=fact.number)


def _after_closed(state: Ticket, fact: ticket.TicketClosed) -> Ticket:
    return replace(state, resolved=fact.resolved, satisfaction=fact.satisfaction, closed_at=fact.at)


def _after_reopened(state: Ticket, fact: ticket.TicketReopened) -> Ticket:
    """What was said of the last outcome no longer counts, nor does a signature under it."""
    state = replace(state, reworks=fact.reworks, resolved=None, satisfaction=None, closed_at=None)
    return with_desk(state, final=None, unhappy=False) if state.desk else state


def _after_merged(state: Ticket, fact: ticket.TicketMerged) -> Ticket:
    return with_desk(state, primary=fact.primary, repeat=fact.repeat, suspected=(), objection=None)


def _after_unmerged(state: Ticket, _fact: ticket.TicketUnmerged) -> Ticket:
    """What has happened to another ticket no longer counts here."""
    state = replace(
        state, reworks=0, resolved=None, satisfaction=None, closed_at=None, assignment=None, assignee=None,
        assignee_kind=None,
    )  # fmt: skip
    return with_desk(state, primary=None, repeat=False, unhappy=False, sent_back=0, final_given=False)


def _after_joined(state: Ticket, fact: ticket.FollowerJoined) -> Ticket:
    others = [number for number in state.more.followers if number != fact.follower]
    return with_desk(state, followers=(*others, fact.follower))


def _after_left(state: Ticket, fact: ticket.FollowerLeft) -> Ticket:
    return with_desk(state, followers=tuple(n for n in state.more.followers if n != fact.follower))


def _after_suspected(state: Ticket, fact: ticket.DuplicateSuspected) -> Ticket:
    return with_desk(state, suspected=tuple(each.ticket for each in fact.alike))


def _after_child_opened(state: Ticket, fact: ticket.ChildOpened) -> Ticket:
    return with_desk(
        state, children=(*state.more.children, Child(number=fact.child, mandatory=fact.mandatory))
    )


def _child_is(state: Ticket, number: str, what: ticket.ChildState) -> Ticket:
    children = (replace(c, state=what) if c.number == number else c for c in state.more.children)
    return with_desk(state, children=tuple(children))


def _after_child_begun(state: Ticket, fact: ChildBegun) -> Ticket:
    return with_desk(replace(state, received_at=fact.at), parent=fact.parent)


def _after_letter(state: Ticket, fact: LetterWritten) -> Ticket:
    state = replace(state, letters=(*state.letters, fact.letter))
    return with_desk(state, unhappy=True) if isinstance(fact.letter.body, Unhappy) else state


CHANGES: Mapping[type, Callable[[Ticket, Any], Ticket]] = {
    RequestRecorded: lambda state, fact: replace(state, intake=fact.intake, received_at=fact.at),
    ticket.TicketReceived: _after_received,
    ticket.TicketDeclined: _after_decline,
    ticket.DeclineObjected: lambda state, _: with_desk(state, decline_objected=True),
    ticket.TicketAccepted: _after_accepted,
    ticket.DeadlineSet: after_deadline,
    ticket.TicketDueSoon: _after_warning,
    ticket.TicketOverdue: _after_overdue,
    dispatch.AssignmentAccepted: _after_assigned,
    dispatch.AssignmentReturned: _after_returned,
    dispatch.AssignmentRevoked: _after_revoked,
    dispatch.ObjectionRuled: lambda state, _: objection.settled(state),
    dispatch.OfferMade: alarms.after_offer,
    dispatch.FirstContactMade: lambda state, _: alarms.after_reaction(state),
    ticket.SensorAlarmRaised: alarms.after_alarm,
    ticket.SensorAlarmCleared: alarms.after_clearing,
    ticket.AlarmRepeated: alarms.after_repetition,
    alarms.ReactionDue: alarms.after_reaction_due,
    ticket.EmergencyHandedOver: lambda state, fact: with_desk(
        state, handed_over=(*state.more.handed_over, f"{fact.line}/{fact.reference}")
    ),
    ticket.TicketReopened: _after_reopened,
    ticket.TicketClosed: _after_closed,
    ticket.TicketCancelled: _after_cancelled,
    ticket.InfoRequested: after_information_asked,
    ticket.InfoProvided: after_resumption,
    ticket.SuspensionRequested: _after_suspension_request,
    ticket.SuspensionRefused: lambda state, _: with_desk(state, suspension=None),
    ticket.TicketSuspended: after_suspension,
    ticket.TicketResumed: after_resumption,
    ticket.ExtensionRequested: _after_extension_request,
    ticket.ExtensionRefused: lambda state, _: with_desk(state, extension=None),
    ticket.DeadlineExtended: after_extension,
    ticket.TicketEscalated: _after_escalation,
    ticket.TicketSupervised: _after_supervision,
    ticket.TicketReminded: _after_reminder,
    ticket.ReworkRequested: lambda state, fact: with_desk(state, sent_back=fact.number),
    ticket.FinalAnswerProposed: lambda state, fact: with_desk(state, final=Asked(fact.by, fact.answer_code)),
    ticket.FinalAnswerGiven: lambda state, _: with_desk(state, final_given=True),
    ticket.SeverityChanged: lambda state, fact: replace(state, severity=fact.severity),
    RemarkRecorded: lambda state, fact: replace(state, remarks=(*state.remarks, fact.remark)),
    ticket.TicketMerged: _after_merged,
    ticket.TicketUnmerged: _after_unmerged,
    ticket.FollowerJoined: _after_joined,
    ticket.FollowerLeft: _after_left,
    ticket.DuplicateSuspected: _after_suspected,
    ticket.ReopeningRefused: lambda state, _: with_desk(state, unhappy=False),
    ticket.ChildOpened: _after_child_opened,
    ticket.ChildMoved: lambda state, fact: _child_is(state, fact.child, fact.state),
    ticket.ChildWaived: lambda state, fact: _child_is(state, fact.child, "waived"),
    ticket.OutcomeKept: lambda state, fact: with_desk(state, outcome=fact),
    ticket.TicketHandled: lambda state, _: with_desk(state, outcome=None) if state.more.outcome else state,
    ChildBegun: _after_child_begun,
    LetterWritten: _after_letter,
    LettersRead: lambda state, fact: replace(state, read=(*state.read, *fact.numbers)),
}
MOVING = frozenset(fact for _, fact in MOVES)
