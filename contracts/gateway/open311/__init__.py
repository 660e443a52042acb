"""Open311 GeoReport v2: requests in and their status out, as cities elsewhere speak (JSON, XML)."""

from contracts.gateway.open311 import offer, requests

OPERATIONS = (
    offer.DISCOVER, offer.SERVICES, offer.DEFINITION, requests.LIST, requests.ASK, requests.SHOW,
    requests.ANSWER_TOKEN,
)  # fmt: skip
