"""The page *Failed*: groups by cause, the records of one group, records that were decided about, jobs."""

from typing import Any
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from contracts.masking import masked
from contracts.registry import LEDGERS
from services.console.failed import job_page, jobs, record_page, store
from services.console.failed.domain import DEFAULT_RATE, Scope
from services.console.failed.forms import group_scope, service_of
from services.console.failed.telling import KINDS, STATES
from services.console.failed.words import SEVERITIES, WORDS
from services.console.page import Page, Route
from services.console.roles import Role
from services.console.visit import Visit

ROWS = 100


def overview(visit: Visit) -> Response:
    """All groups, and the jobs that see to them."""
    with visit.reading() as tx:
        groups, found = jobs.groups(tx), jobs.all_progress(tx)
    return visit.show(
        "failed/templates/groups.html", WORDS, groups=groups, jobs=found, kinds=KINDS, states=STATES,
        masked=masked, rate=f"{DEFAULT_RATE:g}", may_all=visit.may(Role.SUPERVISOR), services=LEDGERS,
    )  # fmt: skip


def group(visit: Visit) -> Response:
    """The records of one group."""
    key = f"{service_of(visit)}:{visit.arguments['key']}"
    with visit.reading() as tx:
        scope = group_scope(tx, key)
        found = jobs.group(tx, key)
        return _records(visit, _listed(visit, tx, scope, "open"), group=found, state="open")


def decided(visit: Visit) -> Response:
    """What was archived or tried again in one service."""
    service = service_of(visit)
    state = visit.request.args.get("state", "archived")
    state = state if state in ("archived", "retried") else "archived"
    with visit.reading(service) as tx:
        return _records(visit, _listed(visit, tx, Scope(), state), group=None, state=state)


def _listed(visit: Visit, tx: Any, scope: Scope, state: str) -> list[dict[str, Any]]:
    after = visit.request.args.get("after", type=int)
    return store.records(tx, scope, state, after, ROWS)


def _records(visit: Visit, rows: list[dict[str, Any]], **values: Any) -> Response:
    wanted = {"after": rows[-1]["no"]} if len(rows) == ROWS else {}
    if wanted and values["state"] != "open":
        wanted["state"] = values["state"]
    return visit.show(
        "failed/templates/group.html", WORDS, rows=rows, service=visit.arguments["service"], masked=masked,
        older=f"{visit.request.path}?{urlencode(wanted)}" if wanted else "", states=STATES,
        severities=SEVERITIES, rate=f"{DEFAULT_RATE:g}", may=visit.may(Role.OPERATOR), **values,
    )  # fmt: skip


PAGE = Page(
    path="/failed",
    title=WORDS["title"],
    routes=(
        Route("/failed", overview),
        Route("/failed/group/<service>/<key>", group),
        Route("/failed/decided/<service>", decided),
        *job_page.ROUTES,
        *record_page.ROUTES,
    ),
)
