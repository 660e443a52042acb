"""What forms of the page *Failed* say: which records, how fast; what nobody offered is refused."""

from collections.abc import Mapping

from chassis.database import Tx
from contracts.registry import LEDGERS
from services.console.failed import jobs
from services.console.failed.domain import DEFAULT_RATE, HIGHEST_RATE, Scope
from services.console.failed.jobs import JobError
from services.console.failed.words import GONE, NO_RATE, UNKNOWN
from services.console.visit import Refused, Visit

Form = Mapping[str, str]


def service_of(visit: Visit) -> str:
    """The service in the path; raises Refused."""
    service = str(visit.arguments["service"])
    if service not in LEDGERS:
        raise Refused(404)
    return service


def kind_of(form: Form, *kinds: str) -> str:
    """What is to be done; raises Refused for all but `kinds`."""
    kind = form.get("kind", "")
    if kind not in kinds:
        raise Refused(400, UNKNOWN, "kind")
    return kind


def rate_of(form: Form) -> float:
    """Records a second; raises Refused."""
    try:
        rate = float(form.get("rate", "") or DEFAULT_RATE)
    except ValueError:
        rate = 0.0
    if not 0.1 <= rate <= HIGHEST_RATE:
        raise Refused(400, NO_RATE, "rate")
    return rate


def group_scope(tx: Tx, key: str) -> Scope:
    """The records of a group; raises Refused where there is none any more."""
    try:
        return jobs.scope_of(tx, key)
    except JobError:
        raise Refused(404, GONE, "group") from None
