"""Real requests of New York and Los Angeles go in through Open311 and read back as they went in.

`make cities` sends all 8,999; `make test` every thirtieth of them.
"""

import csv
import json
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from contracts.numbering import ticket_number
from contracts.ticket import TicketCancelled, TicketClosed, TicketReceived
from deploy.local.endpoints import Endpoints
from tests.integration import gatehouse
from tests.integration.gatehouse import RECEIVED, Gate, service
from tests.integration.process import until
from tests.open311 import three, three_at

BESIDE = Path(__file__).parents[3] / "shared" / "data" / "us311"
FOLDER = Path(os.environ.get("REAL_311", BESIDE))
SENDERS = 4
OVER = {"Closed", "Cancelled"}


@dataclass(frozen=True)
class Request:
    """One request of a city's file, and how it stood there."""

    source: str
    number: str
    service: str
    at: datetime
    point: tuple[float, float] | None
    address: str
    status: str

    @property
    def ticket(self) -> str:
        return ticket_number(self.source, self.number)

    @property
    def form(self) -> dict[str, Any]:
        """What is said of it, in the client's own words."""
        place = {"lat": self.point[0], "long": self.point[1]} if self.point else {"address": self.address}
        return {
            "attribute[external_id]": self.number,
            "attribute[requested_datetime]": self.at.isoformat(), **place,
        }  # fmt: skip

    @property
    def shown(self) -> tuple[Any, ...]:
        """What is to be read back."""
        status = "closed" if self.status in OVER else "open"
        lat, long = self.point or (None, None)
        return self.source, self.number, self.ticket, self.service, self.at, status, lat, long


@dataclass(frozen=True)
class City:
    """A city's file: the zone of its clocks, and under which titles it says what."""

    source: str
    file: str
    zone: str
    clock: str
    titles: Sequence[str]
    """Of number, service, time, latitude, longitude, status; then of places, the best first."""

    def requests(self, every: int) -> list[Request]:
        """Every so-manieth request of the file."""
        with (FOLDER / self.file).open(encoding="utf-8-sig", newline="") as lines:
            return [self._request(row) for row in list(csv.DictReader(lines))[::every]]

    def _request(self, row: dict[str, str]) -> Request:
        number, kind, at, lat, long, status, *places = (row[title] for title in self.titles)
        return Request(
            source=self.source, number=number, service=kind, status=status,
            at=datetime.strptime(at, self.clock).replace(tzinfo=ZoneInfo(self.zone)),
            point=(float(lat), float(long)) if lat and long else None, address=next(filter(None, places)),
        )  # fmt: skip


CITIES = (
    City(
        "urn:nyc:311", "nyc311_5000.csv", "America/New_York", "%m/%d/%Y %I:%M:%S %p",
        ("Unique Key", "Complaint Type", "Created Date", "Latitude", "Longitude", "Status",
         "Incident Address", "Street Name", "Intersection Street 1", "Bridge Highway Name", "Borough"),
    ),
    City(
        "urn:la:311", "la311_4000.csv", "America/Los_Angeles", "%m/%d/%y %H:%M",
        ("srnumber", "requesttype", "createddate", "latitude", "longitude", "status", "address"),
    ),
)  # fmt: skip


@pytest.fixture
def gate(servers: Endpoints, tmp_path: Path) -> Iterator[Gate]:
    with gatehouse.opened(servers, tmp_path, "open311_cities") as opened:
        yield opened


def codes(requests: Sequence[Request]) -> dict[str, str]:
    """A code for each service that the cities name."""
    return {name: f"s{no}" for no, name in enumerate(sorted({each.service for each in requests}))}


def sent(gate: Gate, client: str, requests: Sequence[Request], code: dict[str, str]) -> set[tuple[str, str]]:
    """The numbers and tokens of the receipts."""

    def send(some: Sequence[Request]) -> list[tuple[str, str]]:
        with three_at(gate.port, gate.keys[client].key) as user:
            told = [user.post(code[each.service], **each.form) for each in some]
        return [(one["service_request_id"], one["token"]) for (one,) in told]

    with ThreadPoolExecutor(SENDERS) as pool:
        parts = pool.map(send, [requests[start::SENDERS] for start in range(SENDERS)])
        return {receipt for part in parts for receipt in part}


def came(gate: Gate, many: int) -> list[str]:
    """The tickets of what has come to the intake, which waits for so many."""
    found: list[str] = []
    for method, _, body in gate.admin.consume(RECEIVED, auto_ack=True, inactivity_timeout=20):
        assert method is not None, f"{len(found)} of {many} came to the intake"
        event = json.loads(body)
        found.append(ticket_number(event["source"], event["data"]["external_id"]))
        if len(found) == many:
            break
    gate.admin.cancel()
    return found


def handled(gate: Gate, requests: Sequence[Request]) -> None:
    """The ticket service brings each to where its city had brought it."""
    facts: list[tuple[str, Any]] = []
    for each in requests:
        facts.append((each.ticket, TicketReceived(
            source=each.source, external_id=each.number, channel="resident", severity="general"
        )))  # fmt: skip
        if each.status == "Closed":
            facts.append((each.ticket, TicketClosed(rated=False)))
        elif each.status == "Cancelled":
            facts.append((each.ticket, TicketCancelled(reason_code="x")))
    gate.tell_all(facts)


def read_back(gate: Gate, name: str, requests: Sequence[Request], code: dict[str, str]) -> list[Any]:
    """All requests of a client, page by page, in the cities' own words."""
    names = {value: name for name, value in code.items()}
    key, found = gate.keys[name].key, list[dict[str, Any]]()
    days = sorted(each.at.astimezone(UTC) for each in requests)
    span = {"start_date": days[0].isoformat(), "end_date": days[-1].isoformat(), "extensions": "true"}
    with three_at(gate.port, key) as user:
        page = 0
        while len(found) == page * 1000:
            page += 1
            found += user.requests(api_key=key, page=page, page_size=1000, **span)
    return [
        (each["extended_attributes"]["source"], each["extended_attributes"]["external_id"],
         each["service_request_id"], names[each["service_code"]],
         datetime.fromisoformat(each["requested_datetime"]), each["status"],
         each.get("lat"), each.get("long"))
        for each in found
    ]  # fmt: skip


@pytest.mark.parametrize("every", [30, pytest.param(1, marks=pytest.mark.long)])
def test_what_two_cities_were_asked_for_reads_back_as_it_went_in(gate: Gate, every: int) -> None:
    if not FOLDER.is_dir():
        pytest.skip("the cities' requests are not here; REAL_311=folder names them")
    three()  # in this thread, or not at all
    requests = {city.source: city.requests(every) for city in CITIES}
    both = [each for some in requests.values() for each in some]
    code = codes(both)
    gate.offer(*(service(value, name) for name, value in code.items()))
    begun = time.monotonic()
    for source, some in requests.items():
        gate.let_in(source[4:].replace(":", "-"), source)
        receipts = sent(gate, source[4:].replace(":", "-"), some, code)
        assert receipts == {(each.ticket, each.number) for each in some}
    seconds = time.monotonic() - begun
    assert sorted(came(gate, len(both))) == sorted(each.ticket for each in both)
    handled(gate, both)
    over = sum(each.status in OVER for each in both)
    until(lambda: gate.query("SELECT count(*) FROM note WHERE type <> 'TicketReceived'") == [(over,)], 120)
    until(lambda: gate.query("SELECT count(*) FROM standing") == [(len(both),)], 120)
    everything = "SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM service_request t"
    before = gate.query(everything)
    for again in (False, True):
        for source, some in requests.items():
            client = source[4:].replace(":", "-")
            if again:
                assert sent(gate, client, some, code) == {(each.ticket, each.number) for each in some}
            assert sorted(read_back(gate, client, some, code)) == sorted(each.shown for each in some)
    assert gate.query(everything) == before
    assert gate.nothing_more()
    print(f"{len(both)} requests in {seconds:.0f} s ({len(both) / seconds:.0f}/s), read back equal, twice")
