"""What can be asked for by Open311: discovery, the services, and what each wants to know."""

from typing import Literal

from msgspec import Struct

from contracts.gateway.open311.words import FORM, FORMAT, ROOT, ServiceCode
from contracts.gateway.operation import Operation
from contracts.terms import Text

Datatype = Literal["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]


class Endpoint(Struct, frozen=True, kw_only=True):
    """Where one version of one specification is spoken."""

    specification: Text
    url: Text
    changeset: Text
    type: Literal["production", "test", "dev"]
    formats: list[Text]


class Discovery(Struct, frozen=True, kw_only=True):
    """Where to begin, and whom to ask for a key."""

    changeset: Text
    contact: Text
    key_service: Text
    endpoints: list[Endpoint]


class Service(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A category of the catalogue that residents may ask for."""

    service_code: ServiceCode
    service_name: Text
    metadata: bool
    type: Literal["realtime", "batch", "blackbox"]
    description: Text | None = None
    keywords: Text | None = None
    group: Text | None = None


class Value(Struct, frozen=True, kw_only=True):
    """One choice of a list."""

    key: Text
    name: Text


class Attribute(Struct, frozen=True, kw_only=True):
    """What a request may say besides the standard's own parameters, as `attribute[code]`."""

    variable: bool
    code: Text
    datatype: Datatype
    required: bool
    datatype_description: Text
    order: int
    description: Text
    values: list[Value] = []


class ServiceDefinition(Struct, frozen=True, kw_only=True):
    """What a service wants to know."""

    service_code: ServiceCode
    attributes: list[Attribute]


DISCOVER = Operation(
    method="GET", path=ROOT + "/discovery.{format}", name="open311Discovery", form=FORM, steps=FORMAT,
    summary="Where Open311 is spoken, and in which formats.",
    answers={200: Discovery}, problems=(403, 404, 405, 413, 429, 503), anybody=True,
)  # fmt: skip
SERVICES = Operation(
    method="GET", path=ROOT + "/services.{format}", name="open311Services", form=FORM, steps=FORMAT,
    summary="What residents may ask for.",
    answers={200: list[Service]}, problems=(403, 404, 405, 413, 429, 503), anybody=True,
)  # fmt: skip
DEFINITION = Operation(
    method="GET", path=ROOT + "/services/{service_code}.{format}", name="open311Definition", form=FORM,
    steps=FORMAT, summary="What a request for a service may say.",
    answers={200: ServiceDefinition}, problems=(403, 404, 405, 413, 429, 503), anybody=True,
)  # fmt: skip
