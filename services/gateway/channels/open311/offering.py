"""What can be asked for: where Open311 is spoken, the services, and what each wants to know."""

from chassis.database import Tx
from contracts.gateway.open311.offer import (
    Attribute,
    Discovery,
    Endpoint,
    Service,
    ServiceDefinition,
    Value,
)
from contracts.gateway.open311.words import KINDS, ROOT
from services.gateway import open311_store as store
from services.gateway.call import Answer, Call
from services.gateway.channels.open311.writing import Written
from services.gateway.problems import Refused

CHANGESET = "2026-11-26T00:00:00+08:00"
"""When what is spoken here last changed."""
ATTRIBUTES = [
    Attribute(
        variable=True, code="external_id", datatype="string", required=False, order=1,
        datatype_description="1 to 64 letters, digits and _.:+@-",
        description="Your own number of the request: sent again under it, it is the same request.",
    ),
    Attribute(
        variable=True, code="requested_datetime", datatype="datetime", required=False, order=2,
        datatype_description="date and time with zone, e.g. 2026-11-21T08:12:05+08:00",
        description="When it was asked for, if not just now.",
    ),
    Attribute(
        variable=True, code="severity", datatype="singlevaluelist", required=False, order=3,
        datatype_description="general, if nothing is said", description="How urgent it is.",
        values=[
            Value(key="general", name="一般 general"), Value(key="urgent", name="紧急 urgent"),
            Value(key="emergency", name="突发 emergency"),
        ],
    ),
]  # fmt: skip
"""What every service wants to know."""


def discover(call: Call, tx: Tx) -> Answer:  # noqa: ARG001 (it says the same whatever the tables say)
    """Where Open311 is spoken: GATEWAY_URL, or the address by which it was asked."""
    endpoint = Endpoint(
        specification="http://wiki.open311.org/GeoReport_v2", url=call.address + ROOT,
        changeset=CHANGESET, type="production", formats=list(KINDS),
    )  # fmt: skip
    found = Discovery(
        changeset=CHANGESET, contact="the operators of this house",
        key_service="the operators give keys: fengge client add", endpoints=[endpoint],
    )  # fmt: skip
    return Answer(200, Written(found, "discovery"))


def services(call: Call, tx: Tx) -> Answer:  # noqa: ARG001 (everybody may ask for the same)
    """What residents may ask for today."""
    found = [
        Service(
            service_code=each.code, service_name=each.name, description=each.description, metadata=True,
            type="realtime", keywords=", ".join(each.keywords), group=each.path.partition("/")[0],
        )
        for each in store.in_force(tx)
    ]  # fmt: skip
    return Answer(200, Written(found, "services", "service"))


def definition(call: Call, tx: Tx) -> Answer:
    """What a service wants to know; raises Refused (404) where it is not offered."""
    code = offered(tx, call.arguments["service_code"]).code
    found = ServiceDefinition(service_code=code, attributes=ATTRIBUTES)
    return Answer(200, Written(found, "service_definition"))


def offered(tx: Tx, code: str) -> store.Offered:
    """The service with this code; raises Refused (404) where it is not offered."""
    found = store.in_force(tx, code) if "\0" not in code else []
    if not found:
        raise Refused("not-found", 404, "service_code: it is not offered; services.json says what is")
    return found[0]
