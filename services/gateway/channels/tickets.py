"""`GET /tickets/{no}`: how a ticket stands, for the system that sent it."""

import re

import msgspec

from chassis.database import Tx
from contracts.gateway import tickets
from contracts.gateway.tickets import TicketStatus
from services.gateway import store
from services.gateway.call import Answer, Call, Endpoint
from services.gateway.problems import Refused

NUMBER = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}")


def show(call: Call, tx: Tx) -> Answer:
    """The ticket's status; raises Refused (404) where there is none that this system has sent."""
    number = call.arguments["no"]
    found = store.shown(tx, number, sorted(call.caller.sources)) if NUMBER.fullmatch(number) else None
    if found is None:
        raise Refused("unknown-ticket", 404, "you have sent no such ticket, or it is not heard of yet")
    return Answer(200, msgspec.convert(found | {"ticket": found["id"]}, TicketStatus))


ENDPOINTS = (Endpoint(tickets.SHOW, show),)
