"""Which command follows from what a person said: one line for each event of the desk."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts import intake
from contracts.event import Event
from services.ticket import desk, orders
from services.ticket.state import Intake
from services.ticket.store import Known

UNSAID = "not_said"
"""Stands where a decision against somebody came without its reason."""


def order(said: Any, known: Known) -> desk.Order:
    """The command of a person's event, with the time and the rules in force."""
    kind, more = HEARD[type(said)](said)
    if kind is desk.RecordHandOver:
        more["happened_at"] = more["happened_at"] or known.now
    return kind(actor=said.actor, at=known.now, rules=known.rules, calendar=known.calendar, **more)


def _suspension(said: intake.SuspensionDecided) -> tuple[type[desk.Order], dict[str, Any]]:
    if said.approved:
        return desk.ApproveSuspension, {}
    return desk.RefuseSuspension, {"reason_code": said.reason_code or UNSAID}


def _extension(said: intake.ExtensionDecided) -> tuple[type[desk.Order], dict[str, Any]]:
    if said.approved:
        return desk.ApproveExtension, {}
    return desk.RefuseExtension, {"reason_code": said.reason_code or UNSAID}


def _verification(said: intake.OutcomeVerified) -> tuple[type[desk.Order], dict[str, Any]]:
    return (desk.VerifyOutcome, {}) if said.passed else (
        desk.RequestRework, {"reason_code": said.reason_code or UNSAID}
    )  # fmt: skip


def _supervision(said: intake.SupervisionOrdered) -> tuple[type[desk.Order], dict[str, Any]]:
    kind = desk.EscalateTicket if said.escalated else desk.SuperviseTicket
    return kind, {"reason_code": said.reason_code}


def _words(said: intake.StandingOrderChanged) -> Intake | None:
    """Other words, or another person; an empty title stands for the words there are."""
    if said.title is None and said.requester is None:
        return None
    return Intake(title=said.title or "", body=said.body, address=said.address, requester=said.requester)


HEARD: Mapping[type[Event], Callable[[Any], tuple[type[desk.Order], dict[str, Any]]]] = {
    intake.DeclineObjected: lambda said: (desk.ObjectToDecline, {}),
    intake.InformationAsked: lambda said: (desk.RequestInformation, {"missing": said.missing}),
    intake.InformationGiven: lambda said: (desk.ProvideInformation, {"words": said.words}),
    intake.SuspensionAsked: lambda said: (
        desk.AskSuspension,
        {"plan": said.plan, "review_at": said.review_at, "requester_told": said.requester_told},
    ),
    intake.SuspensionDecided: _suspension,
    intake.SuspensionEnded: lambda said: (desk.ResumeTicket, {"reason_code": said.reason_code}),
    intake.ExtensionAsked: lambda said: (
        desk.AskExtension, {"span": said.span, "reason_code": said.reason_code}
    ),
    intake.ExtensionDecided: _extension,
    intake.ReminderSent: lambda said: (desk.RemindTicket, {}),
    intake.SupervisionOrdered: _supervision,
    intake.OutcomeVerified: _verification,
    intake.ReopeningAsked: lambda said: (
        desk.ReopenTicket, {"resolved": said.resolved, "satisfaction": said.satisfaction}
    ),
    intake.SplitOrdered: lambda said: (desk.SplitTicket, {"parts": said.parts}),
    intake.WaiverOrdered: lambda said: (
        desk.WaiveChild, {"child": said.child, "reason_code": said.reason_code}
    ),
    intake.UnmergeOrdered: lambda said: (desk.UnmergeTicket, {"reason_code": said.reason_code}),
    intake.FinalAnswerProposed: lambda said: (desk.ProposeFinalAnswer, {"answer_code": said.answer_code}),
    intake.FinalAnswerSigned: lambda said: (desk.GiveFinalAnswer, {"answer_code": said.answer_code}),
    intake.SeverityCorrected: lambda said: (
        desk.ChangeSeverity, {"severity": said.severity, "reason_code": said.reason_code}
    ),
    intake.HandOverReported: lambda said: (
        desk.RecordHandOver,
        {"line": said.line, "reference": said.reference, "happened_at": said.at},
    ),
    intake.StandingOrderChanged: lambda said: (
        orders.ChangeStandingOrder, {"plan": said.plan, "intake": _words(said)}
    ),
    intake.StandingOrderPaused: lambda said: (
        orders.PauseStandingOrder, {"reason_code": said.reason_code}
    ),
    intake.StandingOrderResumed: lambda said: (orders.ResumeStandingOrder, {}),
    intake.StandingOrderEnded: lambda said: (orders.EndStandingOrder, {"reason_code": said.reason_code}),
    intake.CommentAdded: lambda said: (desk.AddComment, {"words": said.words, "internal": said.internal}),
}  # fmt: skip
