"""From a form to an event of the intake, and from how a ticket stands to what Open311 says; pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.event import type_of
from contracts.gateway.open311.requests import (
    MOST_DAYS,
    Extended,
    NewRequest,
    Note,
    ServiceRequest,
    Wanted,
)
from contracts.intake import RequestSubmitted
from contracts.terms import YEARS
from services.gateway.problems import Refused

STATES: Mapping[str, str] = {
    "received": "已收到 · received",
    "parked": "已收到，待人工核对 · received, a person looks at it",
    "pending_info": "待补充信息 · waiting for information",
    "accepted": "办理中 · being handled",
    "suspended": "已挂账 · suspended",
    "merged": "已并单，随主单办理 · handled together with another request about the same",
    "handled": "已办结，待核查 · handled, to be verified",
    "awaiting_rating": "已办结，待评价 · handled, to be rated",
    "closed": "已结案 · closed",
    "declined": "不予受理 · not accepted",
    "transferred": "已转应急热线 · handed over to an emergency line",
    "cancelled": "已撤销 · cancelled",
    "refused": "未受理 · not taken",
}
"""What a state is called."""
ENDS = ("closed", "declined", "transferred", "cancelled", "refused")
"""States of requests that are closed to Open311; of all others they are open."""
STEPS: Mapping[str, tuple[str, str]] = {
    "TicketReceived": ("received", "已收到 · received"),
    "TicketAccepted": ("accepted", "已受理 · accepted"),
    "InfoRequested": ("information_requested", "请补充信息 · more information was asked for"),
    "InfoProvided": ("information_given", "信息已补充 · the information is there"),
    "TicketSuspended": ("suspended", "已挂账 · suspended"),
    "TicketResumed": ("resumed", "恢复办理 · taken up again"),
    "DeadlineExtended": ("extended", "已延期 · more time was granted"),
    "TicketMerged": ("merged", "已并单 · joined to a request about the same"),
    "TicketUnmerged": ("unmerged", "已拆单 · by itself again"),
    "TicketHandled": ("handled", "已办结 · handled"),
    "ReworkRequested": ("rework", "退回重办 · to be done again"),
    "TicketVerified": ("verified", "核查通过 · verified"),
    "TicketReopened": ("reopened", "重新办理 · opened again"),
    "DeclineObjected": ("objected", "对不予受理有异议 · objected to"),
    "FinalAnswerGiven": ("final_answer", "最终答复 · final answer"),
    "TicketClosed": ("closed", "已结案 · closed"),
    "TicketDeclined": ("declined", "不予受理 · not accepted"),
    "TicketTransferred": ("transferred", "已转应急热线 · handed over to an emergency line"),
    "TicketCancelled": ("cancelled", "已撤销 · cancelled"),
}
"""Facts that are steps of a request's history; of the others it says nothing."""
AHEAD = timedelta(days=1)
"""By which the clock of a sender may be ahead of ours."""
CHINESE = re.compile(r"[\u3400-\u9fff]")


def event(wanted: NewRequest, name: str, number: str, source: str, now: datetime) -> dict[str, Any]:
    """The request as an event of its sender; `name` is that of the service. Raises Refused (400)."""
    when = wanted.requested_datetime or now
    if when.year not in YEARS or when > now + AHEAD:
        raise Refused("query", 422, f"attribute[requested_datetime]: it is not between {YEARS[0]} and now")
    data = {
        "external_id": number, "channel": "resident", "title": name, "body": _body(wanted),
        "category": wanted.service_code, "severity": wanted.severity or "general",
        "grid": wanted.address_id, "address": wanted.address_string, "location": _location(wanted),
        "occurred_at": wanted.requested_datetime, "requester": _requester(wanted),
    }  # fmt: skip
    return {
        "specversion": "1.0", "id": number, "source": source, "type": type_of(RequestSubmitted),
        "time": when, "data": data,
    }  # fmt: skip


def _body(wanted: NewRequest) -> str:
    return "\n\n".join(part for part in (wanted.description, wanted.media_url) if part)


def _location(wanted: NewRequest) -> dict[str, Any] | None:
    if (wanted.lat is None) != (wanted.long is None):
        raise Refused("query", 422, "lat, long: neither goes without the other")
    if wanted.lat is not None and wanted.long is not None:
        return {"lat": round(wanted.lat * 1e6), "lon": round(wanted.long * 1e6), "datum": "wgs84"}
    if not (wanted.address_string or wanted.address_id):
        raise Refused("query", 422, "say where: lat and long, address_string or address_id")
    return None


def _requester(wanted: NewRequest) -> dict[str, str | None] | None:
    first, last = wanted.first_name or "", wanted.last_name or ""
    name = last + first if CHINESE.search(last + first) else f"{first} {last}".strip()
    found = {"name": name or None, "phone": wanted.phone, "email": wanted.email}
    return found if any(found.values()) else None


def span(wanted: Wanted, now: datetime) -> tuple[datetime, datetime]:
    """From when to when requests are looked for; raises Refused (400) for more than 90 days."""
    longest = timedelta(days=MOST_DAYS)
    try:
        start = wanted.start_date or (wanted.end_date or now) - longest
        end = wanted.end_date or start + longest
    except OverflowError:
        raise Refused("query", 422, "start_date, end_date: the calendar ends there") from None
    if not timedelta(0) <= end - start <= longest:
        detail = f"end_date: it is to lie after start_date, at most {MOST_DAYS} days"
        raise Refused("query", 422, detail)
    return start, end


def status(row: Mapping[str, Any], point: tuple[float | None, float | None]) -> ServiceRequest:
    """How a request stands."""
    reason = f" ({row['problem']})" if row["state"] == "refused" else ""
    return ServiceRequest(
        service_request_id=row["ticket"], status="closed" if row["state"] in ENDS else "open",
        status_notes=STATES[row["state"]] + reason, service_code=row["service_code"],
        service_name=row["service_name"], requested_datetime=row["requested_at"].astimezone(UTC),
        updated_datetime=row["updated_at"].astimezone(UTC),
        expected_datetime=row["due_at"] and row["due_at"].astimezone(UTC), lat=point[0], long=point[1],
    )  # fmt: skip


def extended(row: Mapping[str, Any]) -> Extended:
    """What is known of a request besides."""
    return Extended(**{name: row[name] for name in Extended.__struct_fields__})


def notes(steps: Sequence[tuple[datetime, str]]) -> list[Note]:
    """The history of a request."""
    return [
        Note(datetime=at.astimezone(UTC), type=STEPS[name][0], summary=STEPS[name][1])
        for at, name in steps
        if name in STEPS
    ]
