"""The one table of moves of tickets and standing orders (DOMAIN.md §1): who may do what, what follows."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from msgspec import Struct

from contracts import dispatch, evaluation, ticket
from contracts.event import Event
from contracts.problem import Refusal
from services.ticket import commands, desk, guards, order_guards, orders
from services.ticket.guards import Guard
from services.ticket.merge_guards import MERGE, follows_another
from services.ticket.orders import StandingOrder
from services.ticket.state import LIVE, OPEN, RUNNING, WITH_ASSIGNEE, Ticket

MERGEABLE = ("received", "accepted", "dispatching")
"""Where nobody has taken the work yet."""
FOLLOWING = ("merged", "in_progress", "handled", "awaiting_rating")
"""Where a ticket that follows another can be while it is not over."""
OF_FOLLOWERS = (commands.CancelTicket, desk.UnmergeTicket, desk.ReopenTicket, desk.AddComment)
"""What may be said to a ticket that follows another; all else is said to the one it follows."""
STANDING = ("active", "paused")
"""A standing order that has not ended."""
CARETAKERS = ("operator", "grid_officer")
KNOWN = (*LIVE, "closed", "declined", "transferred", "merged", "cancelled")


class Row(Struct, frozen=True, kw_only=True):
    """A line of the table. `on` is a command, or a fact of another service that `who` publishes.

    `facts` move the ticket to `to` (None: it stays where it is), `also` are the facts that follow besides.
    `checked` names the guards of the service that publishes `on`, which held before it did. `told` are facts
    that no contract declares yet; `time` is the row's deadline as DOMAIN.md has it.
    """

    number: int
    states: tuple[str, ...]
    to: str | None
    on: tuple[type, ...]
    who: tuple[str, ...]
    guards: tuple[Guard, ...] = ()
    checked: tuple[str, ...] = ()
    facts: tuple[type[Event], ...] = ()
    also: tuple[type[Event], ...] = ()
    told: tuple[str, ...] = ()
    time: str = ""


TABLE: tuple[Row, ...] = (
    Row(number=1, states=("new",), to="received", on=(commands.RegisterRequest,),
        who=("adapter", "operator", "grid_officer", "sensor"), facts=(ticket.TicketReceived,),
        also=(ticket.PlaceUnknown, ticket.DeadlineSet), time="triage: urgent 5 min, web 2 h"),
    Row(number=1, states=("new",), to="received", on=(commands.ReadLetters,), who=("parent",),
        facts=(ticket.TicketReceived,), also=(ticket.TicketAccepted, ticket.DeadlineSet),
        time="a part of its parent's work; all clocks start"),
    Row(number=2, states=("received",), to="transferred", on=(commands.TriageTicket,),
        who=("operator", "rule"), guards=(guards.emergency_class,), facts=(ticket.TicketTransferred,),
        also=(ticket.CategoryCorrected,), time="at once"),
    Row(number=3, states=("received",), to="declined", on=(commands.DeclineTicket,), who=("operator",),
        guards=(guards.reason_and_path_told,), facts=(ticket.TicketDeclined,), time="1 wd"),
    Row(number=3, states=("declined",), to="received", on=(desk.ObjectToDecline,),
        who=("requester", "operator"), guards=(guards.first_objection, guards.objection_in_time),
        facts=(ticket.DeclineObjected,), also=(ticket.DeadlineSet,), time="once; triage begins anew"),
    Row(number=4, states=("received",), to="pending_info", on=(desk.RequestInformation,), who=("operator",),
        guards=(guards.something_missing,), facts=(ticket.InfoRequested,), time="3 wd; clock paused"),
    Row(number=4, states=("pending_info",), to="received", on=(desk.ProvideInformation,),
        who=("requester", "operator"), facts=(ticket.InfoProvided,), time="the clock runs again"),
    Row(number=4, states=("pending_info",), to="received", on=(commands.RingAlarm,), who=("timer",),
        facts=(ticket.TicketResumed,), time="nobody answered in 3 wd"),
    Row(number=5, states=("received",), to="merged", on=(commands.MergeTicket,), who=("rule", "operator"),
        guards=MERGE, facts=(ticket.TicketMerged,), time="the primary's counts"),
    Row(number=5, states=("accepted", "dispatching"), to="merged", on=(commands.MergeTicket,),
        who=("operator",), guards=MERGE, facts=(ticket.TicketMerged,), time="offers withdrawn"),
    Row(number=5, states=MERGEABLE, to=None, on=(commands.SuspectDuplicate,), who=("rule",),
        also=(ticket.DuplicateSuspected,), time="the clock runs on"),
    Row(number=5, states=(*FOLLOWING, "closed"), to="received", on=(desk.UnmergeTicket,),
        who=("operator", "supervisor"), guards=(follows_another,), facts=(ticket.TicketUnmerged,),
        also=(ticket.DeadlineSet, ticket.TicketAccepted), time="from its own beginning"),
    Row(number=5, states=FOLLOWING, to="received", on=(commands.ReadLetters,), who=("primary",),
        facts=(ticket.TicketUnmerged,), also=(ticket.DeadlineSet, ticket.TicketAccepted),
        time="the primary is over"),
    Row(number=5, states=("merged",), to="handled", on=(commands.ReadLetters,), who=("primary",),
        facts=(ticket.TicketHandled,), also=(ticket.ReworkRequested, ticket.TicketVerified,
        ticket.TicketReopened, ticket.FinalAnswerGiven), time="as its primary"),
    Row(number=5, states=("merged",), to="declined", on=(commands.ReadLetters,), who=("primary",),
        facts=(ticket.TicketDeclined,)),
    Row(number=5, states=("merged",), to="transferred", on=(commands.ReadLetters,), who=("primary",),
        facts=(ticket.TicketTransferred,)),
    Row(number=5, states=("merged",), to="closed", on=(commands.ReadLetters,), who=("primary",),
        facts=(ticket.TicketClosed,), time="a repeat ends with its primary"),
    Row(number=5, states=LIVE, to=None, on=(commands.ReadLetters,), who=("follower",),
        also=(ticket.FollowerJoined, ticket.FollowerLeft, ticket.TicketReopened, ticket.DeadlineSet,
        ticket.TicketSupervised), time="each follower rates; unhappy, row 19"),
    Row(number=6, states=("received",), to="accepted", on=(commands.TriageTicket,), who=("operator", "rule"),
        guards=(guards.category_and_grid_known,), facts=(ticket.TicketAccepted,),
        also=(ticket.CategoryCorrected, ticket.DeadlineSet), time="all clocks start"),
    Row(number=7, states=("accepted",), to="dispatching", on=(dispatch.DispatchStarted, dispatch.OfferMade),
        who=("dispatch",), facts=(dispatch.DispatchStarted, dispatch.OfferMade), time="1 h / 2 h / 24 h"),
    Row(number=8, states=("dispatching",), to="assigned", on=(dispatch.AssignmentAccepted,),
        who=("dispatch",), checked=("offer_live", "on_duty"), facts=(dispatch.AssignmentAccepted,),
        time="5 min / 30 min / 1 wd"),
    Row(number=9, states=("dispatching",), to="dispatching", who=("dispatch",),
        on=(dispatch.OfferExpired, dispatch.OfferMade), facts=(dispatch.OfferExpired, dispatch.OfferMade),
        time="next candidate; the clock runs on"),
    Row(number=9, states=("dispatching", "assigned"), to="dispatching", on=(dispatch.AssignmentReturned,),
        who=("dispatch",), checked=("in_return_window", "reason_told", "basis_told", "unit_proposed",
        "no_ruling_against"), facts=(dispatch.AssignmentReturned,), also=(ticket.TicketSupervised,),
        time="next candidate; the clock runs on"),
    Row(number=9, states=("dispatching", "assigned", "in_progress", "suspended"), to="dispatching",
        on=(dispatch.AssignmentRevoked,), who=("dispatch",), checked=("a_desk_speaks",
        "ordered_assignee_known", "somebody_else", "covers_the_place", "within_the_lists", "nothing_binding"),
        facts=(dispatch.AssignmentRevoked,), also=(ticket.TicketResumed,),
        time="taken from its holder; the clock runs on"),
    Row(number=10, states=("dispatching",), to=None, on=(dispatch.ObjectionOpened,), who=("dispatch",),
        checked=("a_unit_speaks", "in_return_window", "basis_told", "unit_proposed", "no_ruling_against"),
        facts=(dispatch.ObjectionOpened,), also=(ticket.DeadlineSet,),
        time="second return or dispute; 4 h urgent, 1 wd; the clock runs on"),
    Row(number=10, states=("dispatching",), to=None, on=(dispatch.ObjectionRuled,), who=("dispatch",),
        checked=("an_adjudicator_speaks", "ruled_assignee_known", "contract_covers"),
        facts=(dispatch.ObjectionRuled,), time="the assignment that follows binds"),
    Row(number=11, states=("assigned",), to="in_progress", on=(dispatch.FirstContactMade,), who=("dispatch",),
        facts=(dispatch.FirstContactMade,), time="2 h / 24 h / 1 wd"),
    Row(number=12, states=("in_progress",), to=None, on=(desk.AskSuspension,), who=("assignee",),
        guards=(guards.holds_the_ticket, guards.requester_told, guards.reviewed_in_time),
        also=(ticket.SuspensionRequested,), time="the clock runs on"),
    Row(number=12, states=("in_progress",), to="suspended", on=(desk.ApproveSuspension,), who=("supervisor",),
        guards=(guards.suspension_asked, guards.other_than_asker, guards.review_still_ahead),
        facts=(ticket.TicketSuspended,), time="≤ 180 d; clock paused, review timer runs"),
    Row(number=12, states=("in_progress",), to=None, on=(desk.RefuseSuspension,), who=("supervisor",),
        guards=(guards.suspension_asked,), also=(ticket.SuspensionRefused,), time="the clock runs on"),
    Row(number=12, states=("suspended",), to="in_progress", on=(desk.ResumeTicket,),
        who=("assignee", "supervisor"), guards=(guards.holds_the_ticket,), facts=(ticket.TicketResumed,),
        time="the clock runs again"),
    Row(number=12, states=("suspended",), to="in_progress", on=(commands.RingAlarm,), who=("timer",),
        facts=(ticket.TicketResumed,), also=(ticket.TicketDueSoon,), time="review date"),
    Row(number=13, states=WITH_ASSIGNEE, to=None, on=(desk.AskExtension,), who=("assignee",),
        guards=(guards.holds_the_ticket, guards.before_due, guards.extensions_left, guards.short_enough),
        also=(ticket.ExtensionRequested,), time="the deadline stays"),
    Row(number=13, states=WITH_ASSIGNEE, to=None, on=(desk.ApproveExtension,), who=("supervisor",),
        guards=(guards.extension_asked, guards.other_than_asker, guards.before_due, guards.extensions_left),
        also=(ticket.DeadlineExtended,), time="≤ 3 times ≤ 3 wd"),
    Row(number=13, states=WITH_ASSIGNEE, to=None, on=(desk.RefuseExtension,), who=("supervisor",),
        guards=(guards.extension_asked,), also=(ticket.ExtensionRefused,), time="the deadline stays"),
    Row(number=14, states=("received", *RUNNING, "handled"), to=None, on=(commands.RingAlarm,),
        who=("timer",), also=(ticket.TicketDueSoon, ticket.TicketOverdue, ticket.TicketEscalated,
        ticket.TicketSupervised),
        time="80 % warns, 100 % moves the owner up, again and again"),
    Row(number=14, states=(*OPEN, "handled"), to=None, on=(desk.EscalateTicket,), who=("supervisor",),
        guards=(guards.level_above,), also=(ticket.TicketEscalated, ticket.TicketSupervised)),
    Row(number=14, states=(*OPEN, "handled"), to=None, on=(desk.SuperviseTicket,), who=("supervisor",),
        also=(ticket.TicketSupervised,)),
    Row(number=14, states=(*OPEN, "handled"), to=None, on=(desk.RemindTicket,),
        who=("requester", "operator", "supervisor"), guards=(guards.ten_minutes_since_last,),
        also=(ticket.TicketReminded,), time="≤ 1 in 10 min"),
    Row(number=15, states=("in_progress", "suspended"), to="handled", on=(dispatch.AssignmentDone,),
        who=("dispatch",), guards=(guards.children_done,), checked=("outcome_told", "reason_if_unresolved"),
        facts=(ticket.TicketHandled,),
        also=(ticket.TicketResumed, ticket.DeadlineSet, ticket.OutcomeKept), time="policy"),
    Row(number=15, states=("in_progress", "suspended"), to="handled", on=(commands.ReadLetters,),
        who=("child",), guards=(guards.children_done,), facts=(ticket.TicketHandled,),
        also=(ticket.ChildMoved, ticket.TicketResumed, ticket.DeadlineSet),
        time="the last child is handled, the report was kept"),
    Row(number=15, states=(*RUNNING, "suspended"), to=None, on=(desk.SplitTicket,),
        who=("operator", "supervisor"), guards=(guards.parts_named, guards.no_part_itself),
        also=(ticket.ChildOpened,), time="each part has a clock of its own"),
    Row(number=15, states=(*RUNNING, "suspended"), to=None, on=(desk.WaiveChild,), who=("supervisor",),
        guards=(guards.child_waited_for,), also=(ticket.ChildWaived, ticket.TicketHandled),
        time="handled, if the report was kept for it"),
    Row(number=15, states=KNOWN, to=None, on=(commands.ReadLetters,), who=("child", "parent"),
        also=(ticket.ChildMoved, ticket.ParentEnded), time="a child goes on when its parent is over"),
    Row(number=16, states=("handled",), to="in_progress", on=(desk.RequestRework,), who=("verifier",),
        facts=(ticket.ReworkRequested,), also=(ticket.DeadlineSet, ticket.TicketSupervised), time="3 wd"),
    Row(number=17, states=("handled",), to="awaiting_rating", on=(desk.VerifyOutcome,), who=("verifier",),
        facts=(ticket.TicketVerified,), also=(ticket.TicketClosed,),
        time="7 d window; ≤ 3 call-backs; a part is closed at once"),
    Row(number=17, states=("handled",), to="awaiting_rating", on=(dispatch.AssignmentDone,), who=("rule",),
        facts=(ticket.TicketVerified,), time="7 d window; ≤ 3 call-backs"),
    Row(number=18, states=("awaiting_rating",), to="closed",
        on=(evaluation.RatingSubmitted, evaluation.RatingExpired), who=("evaluation",),
        facts=(ticket.TicketClosed,), also=(ticket.TicketSupervised,),
        time="very dissatisfied: supervised"),
    Row(number=19, states=("awaiting_rating",), to="in_progress", on=(evaluation.RatingSubmitted,),
        who=("evaluation",), guards=(guards.dissatisfied_or_unresolved, guards.reworks_left),
        facts=(ticket.TicketReopened,), also=(ticket.DeadlineSet, ticket.TicketSupervised),
        time="rework ≤ 3 wd"),
    Row(number=19, states=("awaiting_rating", "closed"), to="in_progress", on=(desk.ReopenTicket,),
        who=("requester", "operator"), facts=(ticket.TicketReopened,), also=(ticket.DeadlineSet,
        ticket.TicketSupervised),
        guards=(guards.no_final_answer, guards.dissatisfied_or_unresolved, guards.reworks_left,
                guards.within_15_days), time="≤ 15 d after closing; rework ≤ 3 wd"),
    Row(number=20, states=("awaiting_rating",), to=None, on=(desk.ProposeFinalAnswer,), who=("supervisor",),
        guards=(guards.reworked_twice, guards.not_yet_proposed), also=(ticket.FinalAnswerProposed,)),
    Row(number=20, states=("awaiting_rating",), to="closed", on=(desk.GiveFinalAnswer,),
        who=("supervisor", "verifier", "adjudicator"), guards=(guards.reworked_twice, guards.signed_by_two),
        facts=(ticket.TicketClosed,), also=(ticket.FinalAnswerGiven,)),
    Row(number=21, states=(*OPEN, "merged"), to="cancelled", on=(commands.CancelTicket,),
        who=("requester", "operator"), guards=(guards.confirmed_if_safety,),
        facts=(ticket.TicketCancelled,), time="offers withdrawn"),
    Row(number=0, states=(*OPEN, "handled"), to=None, on=(desk.ChangeSeverity,),
        who=("operator", "supervisor"), guards=(guards.another_severity, guards.reason_for_falling),
        also=(ticket.SeverityChanged, ticket.DeadlineSet), time="never later than before"),
    Row(number=0, states=KNOWN, to=None, on=(desk.AddComment,),
        who=("operator", "grid_officer", "requester", "assignee", "supervisor", "verifier", "adjudicator"),
        also=(ticket.TicketCommented,), time="no clock is touched"),
    Row(number=0, states=KNOWN, to=None, on=(orders.CheckVisit,), who=("timer",),
        also=(ticket.VisitConfirmed, ticket.VisitMissed), time="n min after the visit of who lives alone"),
    Row(number=0, states=("new",), to="received", on=(commands.RaiseAlarm, commands.ReportOffline),
        who=("sensor",), facts=(ticket.TicketReceived,), also=(ticket.SensorAlarmRaised,
        ticket.SensorWentOffline, ticket.DeadlineSet), time="at once"),
    Row(number=0, states=OPEN, to=None, on=(commands.RaiseAlarm,), who=("sensor",),
        also=(ticket.SensorAlarmRaised, ticket.SeverityChanged, ticket.DeadlineSet),
        time="a burst is one ticket"),
    Row(number=0, states=LIVE, to=None, on=(commands.ClearAlarm,), who=("sensor",),
        also=(ticket.SensorAlarmCleared,), time="closes nothing"),
    Row(number=0, states=OPEN, to=None, on=(commands.RepeatAlarm,), who=("timer",),
        also=(ticket.AlarmRepeated,), time="every 5 min until somebody reacts"),
    Row(number=0, states=(*OPEN, "handled", "transferred"), to=None, on=(desk.RecordHandOver,),
        who=("operator", "grid_officer", "assignee", "supervisor"),
        guards=(guards.not_on_record_yet,), also=(ticket.EmergencyHandedOver,)),
    Row(number=0, states=(*RUNNING, "suspended"), to=None, who=("dispatch",),
        on=(dispatch.DepartmentCalled, dispatch.DepartmentArrived, dispatch.DepartmentMissed),
        checked=("a_desk_speaks", "departments_named", "departments_known", "time_to_arrive",
        "not_awaited_yet", "an_onlooker_speaks", "awaited", "itself", "has_happened"),
        facts=(dispatch.DepartmentCalled, dispatch.DepartmentArrived, dispatch.DepartmentMissed),
        time="departments are at the place by the time named; the clock runs on"),
    Row(number=0, states=("new",), to="active", on=(orders.OpenStandingOrder,), who=CARETAKERS,
        guards=(order_guards.legible_plan, order_guards.a_visit_ahead), facts=(ticket.StandingOrderOpened,)),
    Row(number=0, states=STANDING, to=None, on=(orders.ChangeStandingOrder,), who=CARETAKERS,
        guards=(order_guards.legible_plan, order_guards.a_visit_ahead),
        also=(ticket.StandingOrderChanged, ticket.VisitDue, ticket.VisitSkipped)),
    Row(number=0, states=("active",), to="paused", on=(orders.PauseStandingOrder,), who=CARETAKERS,
        facts=(ticket.StandingOrderPaused,), also=(ticket.VisitDue, ticket.VisitSkipped)),
    Row(number=0, states=("paused",), to="active", on=(orders.ResumeStandingOrder,), who=CARETAKERS,
        guards=(order_guards.a_visit_ahead,), facts=(ticket.StandingOrderResumed,)),
    Row(number=0, states=STANDING, to="ended", on=(orders.EndStandingOrder,), who=CARETAKERS,
        facts=(ticket.StandingOrderEnded,), also=(ticket.VisitDue, ticket.VisitSkipped)),
    Row(number=0, states=("active",), to=None, on=(orders.PlanVisits,), who=("timer",),
        also=(ticket.VisitDue, ticket.VisitSkipped), time="ahead of the visit, as the plan says"),
    Row(number=0, states=("active",), to="ended", on=(orders.PlanVisits,), who=("timer",),
        facts=(ticket.StandingOrderEnded,), also=(ticket.VisitDue, ticket.VisitSkipped),
        time="no visit is left"),
)  # fmt: skip

MOVES: Mapping[tuple[str, type[Event]], str] = {
    (state, fact): row.to for row in TABLE if row.to for state in row.states for fact in row.facts
}
"""Every legal move: state and fact → next state."""

_ROWS: Mapping[tuple[str, type], tuple[Row, ...]] = {
    (state, on): tuple(row for row in TABLE if state in row.states and on in row.on)
    for (state, on) in {(state, on) for row in TABLE for state in row.states for on in row.on}
}


def rows(state: str, on: type) -> tuple[Row, ...]:
    """The rows for a command, or a fact of another service, in this state; none where it is not legal."""
    return _ROWS.get((state, on), ())


def permitted(state: Ticket | StandingOrder, command: Any) -> Row | Refusal:
    """The row by which this command may be done now, or the refusal that says why not."""
    role = command.actor.role if command.actor else "rule"
    found = rows(state.state, type(command))
    if not found:
        return refusal(state, command, f"a {state.state} {state.NOUN} cannot do this")
    if isinstance(state, Ticket) and state.more.primary and not isinstance(command, OF_FOLLOWERS):
        return refusal(state, command, f"it follows {state.more.primary}: say it there")
    why = f"this is not for a {role}; it is for: {', '.join(found[0].who)}"
    for row in found:
        if role in row.who:
            why = next(filter(None, (guard(state, command) for guard in row.guards)), "")
            if not why:
                return row
    return refusal(state, command, why)


def refusal(state: Ticket | StandingOrder, command: Any, why: str) -> Refusal:
    """Names state, command and the commands that people may give now."""
    name = type(command).__name__
    if state.state == "new" and not rows("new", type(command)):
        return Refusal(
            command=name,
            state="new",
            problem="unknown-ticket",
            status=404,
            detail=f"no {state.NOUN} {state.id}",
        )
    return Refusal(command=name, state=state.state, allowed=allowed(state.state), detail=why)


UNASKED = (commands.Timed, commands.ReadLetters, commands.SuspectDuplicate)
"""Commands that no person gives."""


@cache
def allowed(state: str) -> list[str]:
    """The commands that somebody may give in this state, by name."""
    return sorted(on.__name__ for (at, on) in _ROWS if at == state and not issubclass(on, (Event, *UNASKED)))
