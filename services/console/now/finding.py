"""A cause told in business words: who waits, because of what, for how long, and what to do."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from services.console.now.domain import Cause, Severity
from services.console.now.words import CAUSES, REMEDIES, RUNBOOKS, Pair, reason
from services.console.words import PARTIES

SHOWN = 20


class TicketRef(Struct, frozen=True, kw_only=True):
    """One ticket that waits; nothing in it is personal."""

    id: str
    severity: str
    state: str
    grid: str | None = None
    due_at: datetime | None = None


class Affected(Struct, frozen=True, kw_only=True):
    """Who waits: how many open tickets, how many of them urgent; `at_least` where not all were looked for."""

    count: int = 0
    urgent: int = 0
    at_least: bool = False
    tickets: tuple[TicketRef, ...] = ()


NOBODY = Affected()


class Action(Struct, frozen=True, kw_only=True):
    """What an operator can do about it here: `name` is one of `services.console.control`."""

    name: str
    service: str = ""
    arguments: Mapping[str, Any] = {}


class Finding(Struct, frozen=True, kw_only=True):
    """One cause with who waits for it, in Chinese and English."""

    key: str
    kind: str
    severity: Severity
    service: str
    shards: tuple[int, ...]
    since: datetime
    zh: str
    en: str
    todo_zh: str
    todo_en: str
    runbook: str
    affected: Affected
    actions: tuple[Action, ...] = ()


def told(cause: Cause, since: datetime, affected: Affected, now: datetime) -> Finding:
    """The finding on a cause that has stood `since` then."""
    facts = _facts(cause, now - since)
    zh, en = CAUSES[cause.kind]
    lead = _lead(affected)
    severity = "alarm" if cause.severity == "warning" and affected.urgent else cause.severity
    todo_zh, todo_en = REMEDIES[cause.kind]
    return Finding(
        key=cause.key, kind=cause.kind, severity=severity, service=cause.service, shards=cause.shards,
        since=since, zh=lead[0] + zh.format(**facts["zh"]), en=_sentence(lead[1], en.format(**facts["en"])),
        todo_zh=todo_zh.format(**facts["zh"]), todo_en=todo_en.format(**facts["en"]),
        runbook=RUNBOOKS[cause.kind],
        affected=affected, actions=_actions(cause),
    )  # fmt: skip


def _facts(cause: Cause, age: timedelta) -> dict[str, dict[str, object]]:
    service, said = PARTIES.get(cause.service, (cause.service,) * 2), reason(cause.said)
    about = _about(cause.about)
    shared = {"count": cause.count, "who": cause.who, "name": cause.service}
    return {
        "zh": shared | {"service": service[0], "shards": _shards(cause.shards, 0), "age": lasting(age)[0],
                        "said": said[0], "about": about[0]},
        "en": shared | {"service": service[1], "shards": _shards(cause.shards, 1), "age": lasting(age)[1],
                        "said": said[1], "about": about[1]},
    }  # fmt: skip


def _about(about: str) -> Pair:
    if about in PARTIES:
        return PARTIES[about]
    subject = about.partition(":")[0]
    if not subject:
        return ("类型不明的消息", "of no known type")
    short = subject.split(".")[-2] if subject.startswith("cn.fengge.") else subject
    return (short, short)


def _shards(shards: tuple[int, ...], language: int) -> str:
    listed = ("、", ", ")[language].join(map(str, shards))
    if not shards:
        return ""
    plural = "s" if len(shards) > 1 else ""
    return (f"第 {listed} 分片", f" shard{plural} {listed}")[language]


def lasting(age: timedelta | float) -> Pair:
    """A length of time, or so many seconds, as people say it."""
    seconds = max(0, int(age.total_seconds() if isinstance(age, timedelta) else age))
    for size, zh, en in ((86_400, "天", "d"), (3600, "小时", "h"), (60, "分钟", "min")):
        if seconds >= size:
            return (f"{seconds // size} {zh}", f"{seconds // size} {en}")
    return (f"{seconds} 秒", f"{seconds} s")


def _lead(affected: Affected) -> Pair:
    if not affected.count:
        return ("", "")
    least, at_least = ("至少 ", "at least ") if affected.at_least else ("", "")
    if affected.urgent:
        rest = affected.count - affected.urgent
        also = (f"（另有 {rest} 件一般工单）", f" (and {rest} more)") if rest else ("", "")
        n = affected.urgent
        return (
            f"{least}{n} 件紧急工单在等{also[0]}：",
            f"{at_least}{n} urgent {_tickets(n)}{also[1]} because ",
        )
    n = affected.count
    return (f"{least}{n} 件工单在等：", f"{at_least}{n} {_tickets(n)} because ")


def _tickets(count: int) -> str:
    return "ticket waits" if count == 1 else "tickets wait"


def _sentence(lead: str, cause: str) -> str:
    whole = lead + cause
    return whole[:1].upper() + whole[1:]


def _paused(cause: Cause) -> tuple[Action, ...]:
    return (Action(name="resume", service=cause.service, arguments={"pause": cause.pause}),)


def _repair(cause: Cause) -> tuple[Action, ...]:
    return (Action(name="repair", service=cause.service),)


def _retry(cause: Cause) -> tuple[Action, ...]:
    type_, _, why = cause.about.partition(":")
    return (Action(name="retry", service=cause.service, arguments={"type": type_, "reason": why}),)


def _hang(cause: Cause) -> tuple[Action, ...]:
    return (Action(name="hang", service=cause.service, arguments={"grid": cause.about.partition(":")[0]}),)


def _actions(cause: Cause) -> tuple[Action, ...]:
    return OFFERS[cause.kind](cause) if cause.kind in OFFERS else ()


def _restart(cause: Cause) -> tuple[Action, ...]:
    return (Action(name="restart", service=cause.service),)


OFFERS: Mapping[str, Callable[[Cause], tuple[Action, ...]]] = {
    "service_down": _restart, "no_consumer": _restart, "stuck": _restart,
    "overdue": _restart,
    "paused": _paused, "drained": _paused, "channel_paused": _paused,
    "lost": _repair, "queue_gone": _repair, "unsent": lambda cause: _repair(cause) + _restart(cause),
    "parked": _retry, "blocked": _hang,
}  # fmt: skip
