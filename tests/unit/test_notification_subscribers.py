"""What leaves the house by webhook: who it is about, and the words of people, do not."""

import json
from pathlib import Path

import pytest

from contracts.cloudevent import SINGLE, decode, opened
from contracts.event import Event, type_of
from contracts.public import PUBLIC, TOLD
from services.notification.correspondence import Correspondence
from services.notification.subscribers import ident, payload, posts
from services.notification.wanting import Wanted, Wanting

SAMPLES = Path(__file__).parents[2] / "contracts" / "released" / "samples"
INSIDE = {
    "requester_ref",
    "assignee",
    "by",
    "title",
    "body",
    "detail",
    "owner",
    "external_id",
    "lives_alone",
    "reachable_by",
}


@pytest.mark.parametrize("fact", TOLD)
def test_no_fact_tells_of_a_person_or_in_free_words(fact: type[Event]) -> None:
    (event,) = decode(SINGLE, (SAMPLES / f"{type_of(fact)}.json").read_bytes())
    document = json.loads(payload(opened(event)))
    assert set(document) == {"type", "timestamp", "data"}
    assert (document["type"], document["data"]["ticket"]) == (event.type, event.partitionkey)
    assert not INSIDE & set(document["data"])
    assert all(not isinstance(value, dict) for value in document["data"].values())


def test_what_a_system_needs_is_told() -> None:
    told = {fact.__name__: set(shown.__struct_fields__) for fact, shown in PUBLIC.items()}
    assert {"category", "grid", "severity", "channel"} <= told["TicketAccepted"]
    assert {"resolved", "satisfaction"} <= told["RatingSubmitted"]
    assert {"rated"} <= told["TicketClosed"]


def test_each_subscriber_gets_the_same_words_under_the_same_id() -> None:
    (sample,) = decode(SINGLE, next(SAMPLES.glob("*TicketClosed.v1.json")).read_bytes())
    by = [Wanting(id="city"), Wanting(id="province")]
    one, other = posts(Wanted(opened(sample), by), Correspondence(id="t"))
    assert (one.ident, one.body) == (other.ident, other.body)
    assert (one.subscriber, other.subscriber) == ("city", "province")
    assert "." not in ident("7K3M-9QXR-2B4D-T8WZ.ticket.7")
