"""What must hold before an assignment moves: small named functions that say why it must not, or None."""

from collections.abc import Callable
from typing import Any

from contracts.problem import Refusal
from contracts.terms import CHINA
from services.dispatch import commands
from services.dispatch.case import Case

Guard = Callable[[Case, Any], str | None]

NOT_OURS = ("not_our_area", "not_our_duty")
"""Codes by which somebody says that it is another's; an adjudicator's ruling is final on these."""
NEED_BASIS = (*NOT_OURS, "outside_contract")


def offer_live(state: Case, command: commands.AcceptAssignment) -> str | None:
    """An offer is taken while it stands."""
    over = state.expires_at is not None and command.at > state.expires_at
    return "the offer has expired" if over else None


def on_duty(_state: Case, command: commands.AcceptAssignment) -> str | None:
    """Who has a rota takes work in his shift."""
    return None if command.on_duty else f"{command.assignee} is not on duty"


def in_return_window(state: Case, command: Any) -> str | None:
    """An offer is returned while it stands, an assignment soon after it was accepted."""
    until = state.expires_at if state.state == "offered" else state.return_until
    return None if until and command.at <= until else "the time to return it is over"


def reason_told(_state: Case, command: commands.ReturnAssignment) -> str | None:
    """Nothing is returned without a reason."""
    return None if command.code else "say the return code"


def basis_told(_state: Case, command: Any) -> str | None:
    """Who says that it is not his says by what list, law or contract."""
    told = command.basis or command.basis_code
    return None if told or command.code not in NEED_BASIS else f"{command.code} needs a basis"


def unit_proposed(_state: Case, command: Any) -> str | None:
    """Who says that it is not his says whose it is."""
    needed = command.code in NOT_OURS and not command.proposed_unit
    return f"{command.code} needs a proposed unit" if needed else None


def no_ruling_against(state: Case, command: Any) -> str | None:
    """A ruling binds whom it names."""
    bound = state.bound
    if bound is None or bound.assignee != command.assignee or not _denies(command):
        return None
    ruled_at = f"{bound.ruled_at.astimezone(CHINA):%Y-%m-%d %H:%M}"
    return f"the ruling of {ruled_at} ({bound.reason_code}) binds {bound.assignee}"


def _denies(command: Any) -> bool:
    return command.code in NOT_OURS or isinstance(command, commands.DisputeAssignment)


def a_unit_speaks(state: Case, command: commands.DisputeAssignment) -> str | None:
    """Units dispute; a person returns."""
    return None if state.unit else f"{command.assignee} is no unit; it may return the assignment"


def an_adjudicator_speaks(_state: Case, command: commands.RuleObjection) -> str | None:
    """Nobody else rules."""
    role = command.actor.role
    return None if role == "adjudicator" else f"this is not for a {role}; it is for: adjudicator"


def ruled_assignee_known(_state: Case, command: commands.RuleObjection) -> str | None:
    """The directory has the assignee, or the unit one."""
    return None if command.named else f"the directory has no assignee or unit {command.said}"


def contract_covers(_state: Case, command: commands.RuleObjection) -> str | None:
    """Nobody can rule that an organisation does what nobody buys from it."""
    named = command.named
    if named is None or named.kind != "social_organization":
        return None
    covered = named.contract is not None and (named.quota_left or 0) > 0
    return None if covered else f"no contract with {named.assignee} covers this"


def outcome_told(_state: Case, command: commands.ReportWork) -> str | None:
    """A report says what was done, or shows it."""
    return None if command.outcome or command.evidence else "say or show what was done"


def reason_if_unresolved(_state: Case, command: commands.ReportWork) -> str | None:
    """What is not resolved has a reason."""
    told = command.resolved == "yes" or command.unresolved_reason
    return None if told else "say why it is not resolved"


ACCEPTING: tuple[Guard, ...] = (offer_live, on_duty)
RETURNING: tuple[Guard, ...] = (
    in_return_window, reason_told, basis_told, unit_proposed, no_ruling_against
)  # fmt: skip
DISPUTING: tuple[Guard, ...] = (
    a_unit_speaks, in_return_window, basis_told, unit_proposed, no_ruling_against
)  # fmt: skip
RULING: tuple[Guard, ...] = (an_adjudicator_speaks, ruled_assignee_known, contract_covers)
REPORTING: tuple[Guard, ...] = (outcome_told, reason_if_unresolved)

WHISTLES = ("BlowWhistle", "ReportArrival")
ALLOWED = {
    "open": ["AssignTicket", *WHISTLES],
    "blocked": ["AssignTicket", *WHISTLES],
    "offered": [
        "AcceptAssignment", "AssignTicket", "DisputeAssignment", "ReturnAssignment", "TakeBack", *WHISTLES
    ],
    "claimable": ["AssignTicket", "ClaimOffer", *WHISTLES],
    "accepted": [
        "DisputeAssignment", "LogFirstContact", "ReassignTicket", "ReturnAssignment", "TakeBack", *WHISTLES
    ],
    "contacted": ["ReassignTicket", "ReportWork", "TakeBack", *WHISTLES],
    "objection_open": ["RuleObjection", *WHISTLES],
}  # fmt: skip
"""The commands that somebody may give in a state."""


def held(state: Case, command: Any, states: tuple[str, ...], guards: tuple[Guard, ...] = ()) -> list[Any]:
    """Nothing where the one who speaks was asked last and no guard is against it; else why not."""
    holds = (command.assignment, command.assignee) == (state.assignment, state.assignee)
    if state.state not in states or not holds:
        why = f"{command.assignee} does not hold {command.assignment} in a way that allows this"
        return [refusal(state, command, why)]
    return hindered(state, command, guards)


def hindered(state: Case, command: Any, guards: tuple[Guard, ...]) -> list[Any]:
    """The first guard that is against it, as a refusal; nothing where none is."""
    why = next(filter(None, (guard(state, command) for guard in guards)), None)
    return [refusal(state, command, why)] if why else []


def refusal(state: Case, command: Any, why: str) -> Refusal:
    """Names state, command and what is allowed."""
    name = type(command).__name__
    if state.state == "new":
        return Refusal(
            command=name, state="new", problem="unknown-ticket", status=404, detail=f"no ticket {state.id}"
        )
    return Refusal(command=name, state=state.state, allowed=ALLOWED.get(state.state, []), detail=why)
