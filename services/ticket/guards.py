"""What must hold before a move is made: small named functions that say why it must not be made, or None."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from contracts.worktime import parsed
from services.ticket import desk, grid
from services.ticket.commands import CancelTicket, DeclineTicket, Observe, TriageTicket
from services.ticket.state import Asked, Ticket

Guard = Callable[[Any, Any], str | None]

GRAVITY = ("general", "urgent", "emergency")
DONE = ("handled", "closed", "waived")


def emergency_class(_state: Ticket, command: TriageTicket) -> str | None:
    """110, 119, 120 and 122 have lines of their own."""
    lines = command.rules["emergency_lines"].value
    return None if command.category in lines else "this category is no emergency line's"


def category_and_grid_known(_state: Ticket, command: TriageTicket) -> str | None:
    """Category, severity and grid are known."""
    return None if command.category and command.grid else "category and grid must be known"


def reason_and_path_told(_state: Ticket, command: DeclineTicket) -> str | None:
    """Reason code and statutory path."""
    told = command.reason_code and command.statutory_path
    return None if told else "a reason and the statutory path must be told"


def first_objection(state: Ticket, _command: desk.ObjectToDecline) -> str | None:
    """One objection is allowed."""
    return "an objection was made already; one is allowed" if state.more.decline_objected else None


def objection_in_time(state: Ticket, command: desk.ObjectToDecline) -> str | None:
    """In time after the decline; one of which nobody knows when it was is not held against the requester."""
    declined_at, within = state.more.declined_at, str(command.rules["decline_objection"].value["within"])
    late = declined_at is not None and command.at > command.calendar.due(declined_at, within)
    return f"it was declined more than {within} ago" if late else None


def something_missing(_state: Ticket, command: desk.RequestInformation) -> str | None:
    """Of who, when, where, cause and course."""
    return None if command.missing else "say what is missing"


def holds_the_ticket(state: Ticket, command: desk.Order) -> str | None:
    """An assignee who speaks is the one who has it."""
    stranger = command.actor.role == "assignee" and command.actor.id != state.assignee
    return f"{command.actor.id} does not hold the ticket" if stranger else None


def requester_told(_state: Ticket, command: desk.AskSuspension) -> str | None:
    """Nobody waits without knowing."""
    return None if command.requester_told else "the requester must be told first"


def reviewed_in_time(state: Ticket, command: desk.AskSuspension) -> str | None:
    """A review date ahead; all pauses together at most 180 days."""
    return _review(state, command, command.review_at)


def review_still_ahead(state: Ticket, command: desk.ApproveSuspension) -> str | None:
    """The same when it is approved."""
    asked = state.more.suspension
    return _review(state, command, asked.until) if asked and asked.until else None


def _review(state: Ticket, command: desk.Order, until: datetime) -> str | None:
    if until <= command.at:
        return "the review date is over"
    longest = parsed_days(command, "suspension", "at_most")
    paused = state.more.paused + (until - command.at).total_seconds()
    return f"pauses last at most {longest} days together" if paused > longest * 86_400 else None


def parsed_days(command: desk.Order, rule: str, key: str) -> int:
    """A policy's span that can only be one of days, e.g. 180d."""
    return parsed(str(command.rules[rule].value[key]))[0]


def suspension_asked(state: Ticket, _command: Any) -> str | None:
    """There is something to decide."""
    return None if state.more.suspension else "no suspension was asked for"


def extension_asked(state: Ticket, _command: Any) -> str | None:
    """There is something to decide."""
    return None if state.more.extension else "no extension was asked for"


def other_than_asker(state: Ticket, command: desk.Order) -> str | None:
    """Nobody approves what they have asked for."""
    suspending = isinstance(command, desk.ApproveSuspension)
    asked = state.more.suspension if suspending else state.more.extension
    return "another person must approve" if _same(asked, command) else None


def _same(asked: Asked | None, command: desk.Order) -> bool:
    return asked is not None and asked.by.id == command.actor.id


def before_due(state: Ticket, command: desk.Order) -> str | None:
    """A deadline that is over is not extended."""
    return None if state.due_at and command.at < state.due_at else "the deadline is over"


def extensions_left(state: Ticket, command: desk.Order) -> str | None:
    """At most three times."""
    most = int(command.rules["extension"].value["times"])
    return None if state.more.extensions < most else f"a deadline is extended at most {most} times"


def short_enough(state: Ticket, command: desk.AskExtension) -> str | None:
    """At most three working days each."""
    longest = str(command.rules["extension"].value["each"])
    try:
        wanted = command.calendar.extended(state.due_at or command.at, command.span)
    except ValueError as error:
        return str(error)
    most = command.calendar.extended(state.due_at or command.at, longest)
    return None if wanted <= most else f"an extension is at most {longest}"


def ten_minutes_since_last(state: Ticket, command: desk.RemindTicket) -> str | None:
    """Who is urged all the time gets nothing done."""
    last = state.more.reminded_at
    every = str(command.rules["reminder"].value["every"])
    soon = last is not None and command.at < command.calendar.due(last, every)
    return f"one reminder in {every} is enough" if soon else None


def level_above(state: Ticket, _command: Any) -> str | None:
    """There is somebody further up."""
    up = grid.above(state.more.owner or state.grid)
    return None if up else "nobody is above this ticket's cell"


def dissatisfied_or_unresolved(_state: Ticket, command: desk.ReopenTicket | Observe) -> str | None:
    """Work is done again where it was not done, or not well."""
    said: Any = command.fact if isinstance(command, Observe) else command
    unhappy = said.resolved == "no" or said.satisfaction in ("dissatisfied", "very_dissatisfied")
    return None if unhappy else "the requester is satisfied, and it is resolved"


def reworks_left(state: Ticket, command: Any) -> str | None:
    """Twice at most."""
    most = int(command.rules["reworks_at_most"].value["reworks"])
    return None if state.reworks < most else f"it was reworked {state.reworks} times already"


def within_15_days(state: Ticket, command: desk.ReopenTicket) -> str | None:
    """At most 15 days after closing."""
    if state.closed_at is None:
        return None
    within = str(command.rules["reopening"].value["within"])
    late = command.at > command.calendar.due(state.closed_at, within)
    return f"it was closed more than {within} ago" if late else None


def no_final_answer(state: Ticket, _command: Any) -> str | None:
    """What is final is final."""
    return "a final answer was given" if state.more.final_given else None


def reworked_twice(state: Ticket, _command: Any) -> str | None:
    """A final answer comes only after two reworks."""
    done = state.reworks + state.more.sent_back
    return None if done >= 2 else "a final answer needs two reworks before it"


def not_yet_proposed(state: Ticket, _command: Any) -> str | None:
    """The first signature is there only once."""
    return "a final answer is proposed already" if state.more.final else None


def signed_by_two(state: Ticket, command: desk.GiveFinalAnswer) -> str | None:
    """Proposed by somebody else, in the same words."""
    first = state.more.final
    if first is None:
        return "nobody has proposed a final answer"
    if _same(first, command):
        return "the second signature must be another person's"
    return None if first.reason == command.answer_code else "another answer was proposed"


def confirmed_if_safety(state: Ticket, command: CancelTicket) -> str | None:
    """A safety matter is cancelled only when confirmed."""
    unsure = state.severity == "emergency" and not command.confirmed
    return "a safety matter is cancelled only when confirmed" if unsure else None


def not_on_record_yet(state: Ticket, command: desk.RecordHandOver) -> str | None:
    """This line has it under another number, or not at all."""
    known = f"{command.line}/{command.reference}" in state.more.handed_over
    return f"{command.line} has it under {command.reference} already" if known else None


def another_severity(state: Ticket, command: desk.ChangeSeverity) -> str | None:
    """Something changes."""
    return None if command.severity != state.severity else f"it is {state.severity} already"


def reason_for_falling(state: Ticket, command: desk.ChangeSeverity) -> str | None:
    """A severity falls only for a named reason."""
    falls = GRAVITY.index(command.severity) < GRAVITY.index(state.severity)
    return "a severity falls only for a named reason" if falls and not command.reason_code else None


def waited_for(state: Ticket) -> list[str]:
    """The mandatory children that are neither handled nor waived."""
    return [child.number for child in state.more.children if child.mandatory and child.state not in DONE]


def children_done(state: Ticket, _command: Any) -> str | None:
    """All mandatory children are handled or waived."""
    left = waited_for(state)
    return f"these children are open: {', '.join(left)}" if left else None


def parts_named(_state: Ticket, command: desk.SplitTicket) -> str | None:
    """Somebody has a part in it."""
    return None if command.parts else "say which parts"


def no_part_itself(state: Ticket, _command: Any) -> str | None:
    """A part is not divided again."""
    return f"it is a part of {state.more.parent}" if state.more.parent else None


def child_waited_for(state: Ticket, command: desk.WaiveChild) -> str | None:
    """The ticket waits for this child."""
    left = waited_for(state)
    return None if command.child in left else f"it does not wait for {command.child}"
