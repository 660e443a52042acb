"""The page *Audit*: who did what, on what, why; the newest first, for supervisors and administrators."""

from urllib.parse import urlencode

from werkzeug.wrappers import Response

from services.console import record_store
from services.console.audit.words import OUTCOMES, WORDS
from services.console.page import Page, Route
from services.console.roles import NAMES, Role
from services.console.visit import Visit

ROWS = 100
FILTERS = ("who", "what", "target", "outcome")


def listing(visit: Visit) -> Response:
    """The record, filtered."""
    arguments = visit.request.args
    wanted = {name: arguments.get(name, "").replace("\0", "").strip() or None for name in FILTERS}
    below = arguments.get("below", type=int)
    with visit.reading() as tx:
        found = record_store.listed(tx, wanted, below, ROWS)
    older = {**{key: value for key, value in wanted.items() if value}, "below": found[-1].no} if found else {}
    return visit.show(
        "audit/templates/list.html", WORDS, rows=found, wanted=wanted, outcomes=OUTCOMES, roles=NAMES,
        older=f"/audit?{urlencode(older)}" if len(found) == ROWS else "",
    )  # fmt: skip


PAGE = Page(
    path="/audit",
    title=WORDS["title"],
    role=Role.SUPERVISOR,
    routes=(Route("/audit", listing, role=Role.SUPERVISOR),),
)
