"""One parked record: what is known of it, the decisions about it, its body for a purpose, an edited body."""

from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from chassis import decisions, parked
from chassis.database import Tx
from chassis.decisions import By
from chassis.parked import ParkedError
from contracts.masking import masked
from contracts.problem import ContractViolation
from services.console.failed import bodies, store
from services.console.failed.domain import Scope
from services.console.failed.forms import kind_of, service_of
from services.console.failed.telling import STATES
from services.console.failed.words import DEEDS, NO_RECORD, SEVERITIES, WORDS
from services.console.page import Route
from services.console.roles import Role
from services.console.visit import Refused, Visit

ORDINARY = ("retry", "archive", "recall")


def show(visit: Visit) -> Response:
    """The record without what names a person."""
    service, no = _which(visit)
    with visit.reading(service) as tx:
        found = _found(tx, no)
        held = store.records(tx, Scope(no=no), found["state"])
    return _page(visit, found, held[0] if held else {})


def decide(visit: Visit) -> Response:
    """Tries it again, gives it up, or takes back what has not been tried yet."""
    return _decide(visit, kind_of(visit.request.form, *ORDINARY))


def restore(visit: Visit) -> Response:
    """Opens it again."""
    return _decide(visit, "restore")


def look(visit: Visit) -> Response:
    """The body itself, and a form to edit it; both records of looks know it."""
    service, no = _which(visit)
    purpose = visit.reason()
    with visit.reading(service) as tx:
        found = _found(tx, no)
        parked.note_look(tx, no, visit.who, purpose)
        visit.note(tx, f"{service}:{no}", "looked", purpose)
    return _editor(visit, found, bodies.plain(bytes(found["body"])))


def check(visit: Visit) -> Response:
    """What an edited body changes, and whether it passes the gate; nothing is done yet."""
    service, no = _which(visit)
    text = _text(visit)
    with visit.reading(service) as tx:
        found = _found(tx, no)
        try:
            bodies.passed(found, text.encode())
        except ContractViolation as violation:
            return _editor(visit, found, text, violation=violation, status=422)
        taken = store.taken(tx, bodies.named_in(found, text.encode())) if _nameless(found) else False
    changes = bodies.difference(bytes(found["body"]), text.encode(), open_=True)
    return _editor(visit, found, text, changes=changes, taken=taken)


def edit(visit: Visit) -> Response:
    """Tries the record again with an edited body."""
    service, no = _which(visit)
    text, reason = _text(visit), visit.reason()
    with visit.acting(f"{service}:{no}", reason, service) as deed:
        found = _found(deed.tx, no)
        try:
            type_ = bodies.passed(found, text.encode())
            by = By(visit.who, reason)
            edition = decisions.edited(deed.tx, no, text.encode(), type_, by)
        except ContractViolation as violation:
            raise Refused(422, (masked(violation.detail),) * 2, "gate") from None
        except ParkedError as error:
            raise Refused(409, _said(error), "record") from None
        changes = bodies.difference(bytes(found["body"]), text.encode())
        deed.after = {"edition": edition, "changed": [change.pointer for change in changes]}
    return visit.see(f"/failed/record/{service}/{no}")


def _decide(visit: Visit, kind: str) -> Response:
    service, no = _which(visit)
    reason = visit.reason()
    with visit.acting(f"{service}:{no}", reason, service, what=f"failed-{kind}") as deed:
        try:
            decisions.decide(deed.tx, kind, no, By(visit.who, reason))
        except ParkedError as error:
            raise Refused(409, _said(error), "record") from None
    return visit.see(f"/failed/record/{service}/{no}")


def _page(visit: Visit, found: Mapping[str, Any], held: Mapping[str, Any]) -> Response:
    state = found["state"]
    edition = found["reason"] == decisions.EDITED
    return visit.show(
        "failed/templates/record.html", WORDS, service=visit.arguments["service"], record=_safe(found),
        held=held, body=bodies.hidden(bytes(found["body"])), states=STATES, deeds=DEEDS,
        severities=SEVERITIES, may=visit.may(Role.OPERATOR) and not edition,
        may_more=visit.may(Role.SUPERVISOR) and not edition, kinds=OFFERED.get(state, ()),
    )  # fmt: skip


OFFERED = {"open": ("retry", "archive"), "retried": ("recall",)}
"""What an operator may decide in which state; a supervisor opens what was archived."""


def _editor(visit: Visit, found: Mapping[str, Any], text: str, status: int = 200, **more: Any) -> Response:
    values = {"violation": None, "changes": None, "taken": False} | more
    return visit.show(
        "failed/templates/edit.html", WORDS, status=status, service=visit.arguments["service"],
        record=_safe(found), text=text, may_edit=visit.may(Role.SUPERVISOR) and found["state"] == "open",
        **values,
    )  # fmt: skip


def _which(visit: Visit) -> tuple[str, int]:
    return service_of(visit), int(visit.arguments["no"])


def _found(tx: Tx, no: int) -> dict[str, Any]:
    try:
        return parked.shown(tx, no)
    except ParkedError:
        raise Refused(404, NO_RECORD, "record") from None


def _safe(found: Mapping[str, Any]) -> dict[str, Any]:
    """What the sender wrote outside the body, without numbers that identify somebody."""
    texts = {name: masked(found[name] or "") for name in ("detail", "type", "content_type")}
    ticket = found["partitionkey"] or ""
    return {**found, **texts, "body": None, "partitionkey": ticket}


def _text(visit: Visit) -> str:
    # Browsers end lines of a form with CR and LF.
    return visit.request.form.get("body", "").replace("\r\n", "\n")


def _nameless(found: Mapping[str, Any]) -> bool:
    return found["partitionkey"] is None


def _said(error: ParkedError) -> tuple[str, str]:
    return f"无法这样处理：{error}", f"This cannot be done: {error}"


RECORD = "/failed/record/<service>/<int:no>"
ROUTES = (
    Route(RECORD, show),
    Route(f"{RECORD}/decide", decide, role=Role.OPERATOR, method="POST", action="failed-decide"),
    Route(f"{RECORD}/restore", restore, role=Role.SUPERVISOR, method="POST", action="failed-restore"),
    Route(f"{RECORD}/look", look, role=Role.OPERATOR, method="POST", action="failed-look"),
    Route(f"{RECORD}/check", check, role=Role.SUPERVISOR, method="POST", action="failed-check"),
    Route(f"{RECORD}/edit", edit, role=Role.SUPERVISOR, method="POST", action="failed-edit"),
)
