"""A ticket's deadlines as people ask about them: who grants how long, what was counted, how it went. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from contracts.terms import CHINA
from contracts.worktime import Calendar, parsed
from services.console.ticket.facts import name_of

CLOCKS = {
    "triage": "triage 受理", "handling": "handling 办理", "rework": "rework 重办",
    "verification": "verification 核查", "objection": "objection 异议审定",
}  # fmt: skip


@dataclass(frozen=True)
class Pause:
    """The clock stood, why, from when to when; `until` None: it stands."""

    why: str
    since: datetime
    until: datetime | None

    def __str__(self) -> str:
        """In one line."""
        if self.until is None:
            return f"paused since {_china(self.since)}, {self.why}"
        return f"paused for {_length(self.until - self.since)} from {_china(self.since)}, {self.why}"


@dataclass(frozen=True)
class Extension:
    """More time: how much, what for, who asked and who granted it."""

    span: str
    reason_code: str
    asked_by: str
    by: str
    due_at: datetime

    def __str__(self) -> str:
        """In one line."""
        who = f"asked by {self.asked_by}, granted by {self.by}"
        return f"extended by {self.span} to {_china(self.due_at)}: {self.reason_code}, {who}"


@dataclass(frozen=True)
class Explained:
    """One deadline; times with their zone, days as they are in China."""

    kind: str
    policy: str
    policy_version: int
    span: str | None
    since: datetime
    due_at: datetime
    """With all pauses and extensions."""
    granted: datetime
    """When it was due at first."""
    working_days: int | None
    """How many were granted; None where the span is not in working days."""
    skipped: Sequence[date]
    """Days on which nobody works, which were not counted."""
    as_counted: bool
    """False where the calendar has been changed since; which days were skipped is then no longer known."""
    ended_at: datetime | None
    """When it was met or given up; None while it runs."""
    pauses: Sequence[Pause]
    extensions: Sequence[Extension]
    over: timedelta
    """How long after the deadline it was met, or it is now (in JSON seconds); negative: time left."""

    def document(self) -> dict[str, Any]:
        """All of it for scripts."""
        return {**asdict(self), "over": int(self.over.total_seconds())}

    def __str__(self) -> str:
        """In lines, for a terminal."""
        counted = "" if self.working_days is None else f", {self.working_days} working days"
        lines = [
            f"{CLOCKS[self.kind]}: due {_china(self.due_at)}",
            f"  policy {self.policy}, version {self.policy_version}: {self.span or 'a fixed time'}{counted}",
            f"  counted from {_china(self.since)}",
        ]
        if not self.as_counted:
            lines.append("  by a calendar that has been changed since; what was promised stays")
        if self.skipped:
            lines.append(f"  not counted: {', '.join(f'{day:%m-%d}' for day in self.skipped)}")
        if self.due_at != self.granted:
            lines.append(f"  was due {_china(self.granted)} at first")
        lines += [f"  {change}" for change in (*self.pauses, *self.extensions)]
        late = "late 超时" if self.over > timedelta(0) else "in time 未超时"
        when = f"ended {_china(self.ended_at)}" if self.ended_at else "is running"
        return "\n".join([*lines, f"  {when}, {late} by {_length(abs(self.over))}"])


ENDS = {
    "triage": ("TicketAccepted", "TicketDeclined", "TicketTransferred", "TicketCancelled"),
    "handling": ("TicketHandled", "TicketCancelled"),
    "rework": ("TicketHandled", "TicketCancelled"),
    "verification": ("TicketVerified", "ReworkRequested"),
    "objection": ("ObjectionRuled", "TicketCancelled"),
}
"""Facts by which a deadline is met, or is one no more."""


def explained(history: Sequence[dict[str, Any]], known: Calendar, at: datetime) -> Iterator[Explained]:
    """Every deadline in a ticket's history, the oldest first; `at` is the present."""
    for index, event in enumerate(history):
        if name_of(event) != "DeadlineSet":
            continue
        data = event["data"]
        while_it_ran = list(_until_its_end(history[index + 1 :], data["kind"]))
        ended_at = (
            while_it_ran[-1]["time"] if while_it_ran and _ends(while_it_ran[-1], data["kind"]) else None
        )
        since = datetime.fromisoformat(data["since"]) if data.get("since") else event["time"]
        granted, span = datetime.fromisoformat(data["due_at"]), data.get("span")
        due_at = _moved([event, *while_it_ran])
        as_counted = not span or known.due(since, span) == granted
        in_days = bool(span) and parsed(span)[1] == "wd"
        yield Explained(
            kind=data["kind"], policy=data["policy"], policy_version=data["policy_version"], span=span,
            since=since, due_at=due_at, granted=granted, working_days=parsed(span)[0] if in_days else None,
            skipped=known.skipped(since, granted) if in_days and as_counted else [], as_counted=as_counted,
            ended_at=ended_at, over=(ended_at or at) - due_at, pauses=list(_pauses(while_it_ran)),
            extensions=list(_extensions(while_it_ran)),
        )  # fmt: skip


def _ends(event: dict[str, Any], kind: str) -> bool:
    """Whether a deadline is met by this, is one no more, or is set anew."""
    return name_of(event) in ENDS[kind] or (name_of(event) == "DeadlineSet" and event["data"]["kind"] == kind)


def _until_its_end(later: Sequence[dict[str, Any]], kind: str) -> Iterator[dict[str, Any]]:
    for event in later:
        yield event
        if _ends(event, kind):
            return


def _moved(events: Sequence[dict[str, Any]]) -> datetime:
    """The deadline as the last of these facts has it, the first of which sets it."""
    moving = ("InfoProvided", "TicketResumed", "DeadlineExtended")
    last = next((event for event in reversed(events[1:]) if name_of(event) in moving), events[0])
    return datetime.fromisoformat(last["data"]["due_at"])


def _pauses(events: Sequence[dict[str, Any]]) -> Iterator[Pause]:
    running: Pause | None = None
    for event in events:
        name, data = name_of(event), event["data"]
        if name == "InfoRequested":
            running = Pause("missing " + ", ".join(data["missing"]), datetime.fromisoformat(data["at"]), None)
        elif name == "TicketSuspended":
            running = Pause(f"plan {data['plan']}", datetime.fromisoformat(data["at"]), None)
        elif name in ("InfoProvided", "TicketResumed") and running:
            yield replace(running, until=datetime.fromisoformat(data["at"]))
            running = None
    if running:
        yield running


def _extensions(events: Sequence[dict[str, Any]]) -> Iterator[Extension]:
    for event in events:
        if name_of(event) == "DeadlineExtended":
            data = event["data"]
            yield Extension(
                span=data["span"], reason_code=data["reason_code"], asked_by=data["asked_by"]["id"],
                by=data["by"]["id"], due_at=datetime.fromisoformat(data["due_at"]),
            )  # fmt: skip


def _china(moment: datetime) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M} (Asia/Shanghai)"


def _length(span: timedelta) -> str:
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if days else f"{hours} h {minutes} min"
