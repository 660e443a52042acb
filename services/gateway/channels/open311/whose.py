"""Whose requests a caller asks for: `jurisdiction_id` names one of its sources, where it has several."""

from services.gateway.clients import Client
from services.gateway.problems import Refused


def sources(client: Client, jurisdiction: str | None) -> list[str]:
    """All sources of a caller, or the one that it names; raises Refused (404) for one of somebody else."""
    if jurisdiction is None:
        return sorted(client.sources)
    if jurisdiction not in client.sources:
        raise Refused("not-found", 404, "jurisdiction_id: it is none of your sources")
    return [jurisdiction]


def one_source(client: Client, jurisdiction: str | None) -> str:
    """The source as which a caller asks; raises Refused (400) where it has to name one of several."""
    found = sources(client, jurisdiction)
    if len(found) != 1:
        raise Refused("query", 422, "jurisdiction_id: name one of your sources, you have several")
    return found[0]
