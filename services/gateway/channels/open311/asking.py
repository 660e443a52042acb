"""`POST /requests`: a request is kept, with its event for the intake, before it is answered."""

from uuid import uuid4

import msgspec

from chassis.database import Tx
from contracts.cloudevent import SINGLE
from contracts.gate import admit
from contracts.gateway.open311.requests import FORM_ENCODED, NewRequest, Receipt
from contracts.problem import ContractViolation
from services.gateway import open311_store as store
from services.gateway.call import Answer, Call
from services.gateway.channels.open311.offering import ATTRIBUTES, offered
from services.gateway.channels.open311.telling import event
from services.gateway.channels.open311.whose import one_source
from services.gateway.channels.open311.writing import Written, form, refuse
from services.gateway.json_body import checked
from services.gateway.open311_store import Asked
from services.gateway.problems import Refused
from services.gateway.reading import Found
from services.gateway.taking import Sender, take_in

KNOWN = {f"attribute[{each.code}]" for each in ATTRIBUTES}
NOTICE = "service_request_id 是工单编号，可凭此查询进展 · by this number you see how it stands"


def ask(call: Call, tx: Tx) -> Answer:
    """The number of the request's ticket, whether it came now or before; raises Refused."""
    wanted = _wanted(call)
    source = one_source(call.caller, wanted.jurisdiction_id)
    service = offered(tx, wanted.service_code)
    number = wanted.external_id or str(uuid4())
    found = _admitted(msgspec.json.encode(event(wanted, service.name, number, source, call.now)))
    sender = Sender(call.caller, call.now, call.traceparent, call.access(200))
    (fate,), call.messages, call.noted = take_in(tx, sender, [found])
    call.events = len(call.messages)
    if isinstance(fate, Refused):
        call.problem = fate.problem
        return refuse(fate, call.trace)
    assert fate.ticket is not None  # a request always has one
    _keep(call, tx, wanted, Asked(
        ticket=fate.ticket, source=source, external_id=number, service_code=service.code,
        service_name=service.name, requested_at=wanted.requested_datetime or call.now,
    ))  # fmt: skip
    receipt = Receipt(service_request_id=fate.ticket, token=number, service_notice=NOTICE)
    return Answer(200, Written([receipt], "service_requests", "request"))


def _wanted(call: Call) -> NewRequest:
    if call.request.mimetype != FORM_ENCODED:
        raise Refused("content-type", 415, f"send {FORM_ENCODED}; pictures by media_url")
    said = form(call.body)
    unknown = sorted(name for name in said if name.startswith("attribute[") and name not in KNOWN)
    if unknown:
        detail = f"an attribute is none of {', '.join(sorted(KNOWN))}"
        raise Refused("query", 422, detail)
    return checked(NewRequest, said)


def _admitted(body: bytes) -> Found:
    """The event as the gate takes every other, which has the last word about it."""
    try:
        return admit(SINGLE, body)
    except ContractViolation as violation:
        return violation


def _keep(call: Call, tx: Tx, wanted: NewRequest, asked: Asked) -> None:
    if wanted.lat is not None and wanted.long is not None:
        sealed = call.places.seal(asked.ticket, wanted.lat, wanted.long)
        asked = msgspec.structs.replace(asked, place=sealed)
    store.keep(tx, asked)
