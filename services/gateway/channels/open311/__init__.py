"""Open311 GeoReport v2, in JSON and XML: an endpoint for each operation, in the order of the contract."""

from contracts.gateway.open311 import OPERATIONS
from services.gateway.call import Endpoint
from services.gateway.channels.open311 import asking, looking, offering
from services.gateway.channels.open311.writing import OPEN311

_ANSWERS = (
    offering.discover, offering.services, offering.definition, looking.list_, asking.ask, looking.show,
    looking.token,
)  # fmt: skip
ENDPOINTS = tuple(
    Endpoint(operation, answer, OPEN311) for operation, answer in zip(OPERATIONS, _ANSWERS, strict=True)
)
