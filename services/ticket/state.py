"""The state of a ticket as a value, and the private facts that never leave the service."""

from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from chassis.states import Stored
from contracts.actor import Actor
from contracts.intake import Location, Requester
from contracts.terms import Clock
from contracts.ticket import ChildState, OutcomeKept, Suggested
from services.ticket.letters import Letter

WITH_ASSIGNEE = ("assigned", "in_progress")
RUNNING = ("accepted", "dispatching", *WITH_ASSIGNEE)
OPEN = ("received", "pending_info", *RUNNING, "suspended")
"""Where something is still to be done before the work is handled."""
LIVE = (*OPEN, "handled", "awaiting_rating")


class Intake(Struct, frozen=True, kw_only=True):
    """What was said and by whom; kept apart from the ticket and never published."""

    title: str
    body: str
    address: str | None = None
    location: Location | None = None
    occurred_at: datetime | None = None
    requester: Requester | None = None


class Remark(Struct, frozen=True, kw_only=True):
    """Words that were added later, by whom; kept apart as well. The requester sees none that is internal."""

    at: datetime
    by: Actor
    words: str
    internal: bool


class Pause(Struct, frozen=True, omit_defaults=True):
    """The clock stands since `since`, at the latest until `until`; `alarm_at` is when it would have rung."""

    since: datetime
    until: datetime
    alarm_at: datetime | None = None


class Asked(Struct, frozen=True, omit_defaults=True):
    """What somebody wants approved: a suspension (plan, until) or an extension (span)."""

    by: Actor
    reason: str
    until: datetime | None = None
    span: str = ""


class Objection(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whose it is, is disputed since `since` and to be ruled by `due_at`; who is late is told at `alarm_at`.

    `ticket_alarm_at` is when the ticket's own clock rings, which runs on.
    """

    since: datetime
    due_at: datetime
    alarm_at: datetime | None = None
    ticket_alarm_at: datetime | None = None


class Child(Struct, frozen=True, kw_only=True):
    """A part of the work that is a ticket of its own, and what has become of it."""

    number: str
    mandatory: bool
    state: ChildState = "open"


class Alarm(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A device's alarm, raised `count` times; it is raised again at `again_at`, `times` so far.

    `asked` is who was offered the ticket last.
    """

    source: str = ""
    device: str = ""
    kind: str = ""
    raised_at: datetime | None = None
    count: int = 0
    again_at: datetime | None = None
    times: int = 0
    asked: str | None = None
    reacted: bool = False
    cleared: bool = False


class Desk(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What only tickets have that need more than the straight way; `paused` counts all pauses in seconds.

    `primary` is the ticket this one follows; with `repeat` the same person asked both. `unhappy`: its
    requester has asked for more, and the primary has not answered yet. `suggested`: what a model took the
    category for, until the desk has said it.
    """

    pause: Pause | None = None
    paused: float = 0
    suspension: Asked | None = None
    extension: Asked | None = None
    extensions: int = 0
    owner: str | None = None
    supervision: int = 0
    returns: int = 0
    sent_back: int = 0
    reminders: int = 0
    reminded_at: datetime | None = None
    final: Asked | None = None
    final_given: bool = False
    objection: Objection | None = None
    declined_at: datetime | None = None
    decline_objected: bool = False
    primary: str | None = None
    repeat: bool = False
    unhappy: bool = False
    followers: tuple[str, ...] = ()
    suspected: tuple[str, ...] = ()
    parent: str | None = None
    children: tuple[Child, ...] = ()
    outcome: OutcomeKept | None = None
    alarm: Alarm | None = None
    handed_over: tuple[str, ...] = ()
    suggested: Suggested | None = None


PLAIN = Desk()


class Ticket(Stored, frozen=True, kw_only=True):
    """The state of one ticket; `intake`, `remarks`, `letters` and `read` live only in one transaction.

    `due_at` is that of `clock`, which grants `span` from `since` on.
    """

    NOUN: ClassVar[str] = "ticket"

    state: str = "new"
    source: str = ""
    external_id: str = ""
    channel: str = ""
    severity: str = "general"
    category: str | None = None
    grid: str | None = None
    requester_ref: str | None = None
    lives_alone: bool = False
    received_at: datetime | None = None
    clock: Clock | None = None
    due_at: datetime | None = None
    alarm_at: datetime | None = None
    assignment: str | None = None
    assignee: str | None = None
    assignee_kind: str | None = None
    reworks: int = 0
    resolved: str | None = None
    satisfaction: str | None = None
    since: datetime | None = None
    span: str | None = None
    closed_at: datetime | None = None
    desk: Desk | None = None
    intake: Intake | None = None
    remarks: tuple[Remark, ...] = ()
    letters: tuple[Letter, ...] = ()
    read: tuple[int, ...] = ()

    @property
    def more(self) -> Desk:
        """What is known beyond the straight way; nothing yet for most tickets."""
        return self.desk or PLAIN


class RequestRecorded(Struct, frozen=True):
    """What was said, for the vault only."""

    intake: Intake
    at: datetime


class ChildBegun(Struct, frozen=True):
    """A part of another ticket's work begins; private."""

    parent: str
    at: datetime


class RemarkRecorded(Struct, frozen=True):
    """What was added, for the desk only."""

    remark: Remark
