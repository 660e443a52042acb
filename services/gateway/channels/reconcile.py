"""`/reconcile`: what a system has sent in a period, and what is held of it."""

from collections.abc import Sequence

from chassis.database import Tx
from contracts.gateway import reconcile
from contracts.gateway.reconcile import Period, Sent
from services.gateway.call import Answer, Call, Endpoint
from services.gateway.json_body import checked, json_of
from services.gateway.problems import Refused
from services.gateway.reconciling import reconciled


def look(call: Call, tx: Tx) -> Answer:
    """Every event of the period in one list."""
    period = checked(Period, call.request.args.to_dict())
    return _answer(call, tx, period)


def compare(call: Call, tx: Tx) -> Answer:
    """The same; ids that never came are missing as well."""
    sent = checked(Sent, json_of(call))
    return _answer(call, tx, sent, sent.ids)


def _answer(call: Call, tx: Tx, period: Period | Sent, ids: Sequence[str] = ()) -> Answer:
    if period.source not in call.caller.sources:
        raise Refused("forbidden", 403, "this source is not yours")
    try:
        return Answer(200, reconciled(tx, period.source, period.from_, period.to, call.now, ids))
    except ValueError as error:
        raise Refused("query", 422, str(error)) from None


ENDPOINTS = (Endpoint(reconcile.LOOK, look), Endpoint(reconcile.COMPARE, compare))
