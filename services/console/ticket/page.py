"""The page *Ticket*: a search, and the life of the ticket it finds."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from werkzeug.wrappers import Response

from chassis.asking import NotAnswered, asked
from chassis.clock import now
from contracts.privacy import Sought, TicketsFound
from services.console.page import Page, Route
from services.console.render import in_china
from services.console.roles import Role
from services.console.ticket import reading, search_store, store
from services.console.ticket.field_words import CODES, field
from services.console.ticket.holder import holder
from services.console.ticket.words import (
    AWAY,
    CLOCKS,
    NO_PHONE,
    RATINGS,
    SEVERITIES,
    STATES,
    WORDS,
)
from services.console.visit import Refused, Visit

LONGEST = 128
CATALOGUES: Mapping[str, Any] = {
    "states": STATES, "severities": SEVERITIES, "clocks": CLOCKS,
    "ratings": RATINGS, "codes": CODES, "field": field,
}  # fmt: skip


def find(visit: Visit) -> Response:
    """The search; a query that means one ticket goes straight to it."""
    query = visit.request.args.get("q", "").replace("\0", "").strip()[:LONGEST]
    rows = None
    if query:
        with visit.reading() as tx:
            rows = reading.search(tx, query)
        if len(rows) == 1:
            return visit.see(f"/ticket/{quote(rows[0]['id'])}")
    return _listed(visit, query, rows)


def find_by_phone(visit: Visit) -> Response:
    """The same by telephone number, which the ticket service alone can look for; each look is on record."""
    phone, purpose = visit.request.form.get("phone", "").strip()[:32], visit.reason()
    if sum(character.isdigit() for character in phone) < 5:
        raise Refused(400, NO_PHONE)
    told = visit.means.settings
    sought = Sought(phone=phone, purpose=purpose, who=visit.who, role=visit.role.word if visit.role else "")
    try:
        answer = asked(told.ticket_url, "/tickets-of", told.internal_token, msgspec.json.encode(sought))
        numbers = msgspec.json.decode(answer, type=TicketsFound).tickets
    except (NotAnswered, msgspec.MsgspecError):
        raise Refused(503, AWAY) from None
    with visit.means.database.transaction() as tx:
        rows = search_store.by_numbers(tx, numbers)
        visit.note(tx, "phone", "looked", purpose, after={"tickets": numbers})
    return _listed(visit, "", rows)


def show(visit: Visit) -> Response:
    """The life of one ticket."""
    number = str(visit.arguments["number"])
    with visit.reading() as tx:
        found = reading.story(tx, number, now())
    if found is None:
        raise Refused(404, WORDS["nothing"])
    return visit.show(
        "ticket/templates/show.html", WORDS, story=found, most=len(found.history),
        holder=holder(found.ticket, found.history, in_china), **CATALOGUES,
    )  # fmt: skip


def show_stuck(visit: Visit) -> Response:
    """What is stuck of a ticket at this moment, as a part of its page."""
    number = str(visit.arguments["number"])
    with visit.reading() as tx:
        ticket = store.ticket(tx, number)
        if ticket is None:
            raise Refused(404, WORDS["nothing"])
        found = reading.what_is_stuck(tx, ticket)
    return visit.show("ticket/templates/stuck.html", WORDS, stuck=found, **CATALOGUES)


def _listed(visit: Visit, query: str, rows: list[dict[str, object]] | None) -> Response:
    return visit.show(
        "ticket/templates/find.html", WORDS, query=query, rows=rows, by_phone=visit.may(Role.OPERATOR),
        **CATALOGUES,
    )  # fmt: skip


PAGE = Page(
    path="/ticket",
    title=WORDS["title"],
    routes=(
        Route("/ticket", find),
        Route("/ticket/by-phone", find_by_phone, role=Role.OPERATOR, method="POST", action="ticket by phone"),
        Route("/ticket/<number>", show),
        Route("/ticket/<number>/stuck", show_stuck, fragment=True),
    ),
)
