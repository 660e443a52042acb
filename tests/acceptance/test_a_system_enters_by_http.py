"""An operator lets a system in; it posts a request, sees its ticket move, reconciles, and is shut out."""

import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import pytest

from contracts.cloudevent import SINGLE
from contracts.numbering import ticket_number
from tests.acceptance.conftest import Fengge, eventually

SOURCE = "urn:acceptance:http"


class Hotline:
    """A system that knows HTTP and JSON and nothing else of ours."""

    def __init__(self, url: str, key: str) -> None:
        self._where, self.key = urlsplit(url).netloc, key

    def __call__(
        self, method: str, target: str, event: dict[str, Any] | None = None, key: str = ""
    ) -> tuple[int, Any]:
        """Status and document of one request."""
        headers = {"X-API-Key": key or self.key} | ({"Content-Type": SINGLE} if event else {})
        return self.said(method, target, json.dumps(event) if event else None, headers)

    def said(self, method: str, target: str, body: str | None, headers: dict[str, str]) -> tuple[int, Any]:
        """The same of a request as it is."""
        connection = http.client.HTTPConnection(self._where, timeout=20)
        try:
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


@pytest.fixture(scope="module")
def hotline(fengge: Fengge) -> Hotline:
    endpoints = json.loads((fengge.run / "endpoints.json").read_text())
    told = fengge.json("client", "add", "acceptance", "--source", SOURCE)
    hotline = Hotline(endpoints["gateway"]["gateway"], told["key"])
    eventually(lambda: hotline("GET", "/tickets/x")[0] == 404)
    return hotline


def request(external_id: str) -> dict[str, Any]:
    data = {
        "external_id": external_id, "channel": "hotline_12345", "title": "路灯不亮",
        "category": "street_light", "grid": "99010100100201001",
    }  # fmt: skip
    return {
        "specversion": "1.0", "id": f"{external_id}/1", "source": SOURCE, "time": "2026-11-16T08:00:00Z",
        "type": "cn.fengge.intake.RequestSubmitted.v1", "data": data,
    }  # fmt: skip


def test_a_request_by_http_becomes_a_ticket_that_its_sender_follows(fengge: Fengge, hotline: Hotline) -> None:
    external_id = str(uuid4())
    status, told = hotline("POST", "/events", request(external_id))
    assert (status, told["ticket"]) == (202, ticket_number(SOURCE, external_id))
    path = f"/tickets/{told['ticket']}"
    shown = eventually(lambda: (found := hotline("GET", path))[0] == 200 and found[1])
    assert (shown["external_id"], shown["source"]) == (external_id, SOURCE)
    assert fengge.json("ticket", "show", told["ticket"])
    cancel = request(external_id) | {
        "id": f"{external_id}/2", "type": "cn.fengge.intake.RequestCancelled.v1",
        "data": {"ticket": told["ticket"]},
    }  # fmt: skip
    assert hotline("POST", "/events", cancel)[0] == 202
    eventually(lambda: hotline("GET", path)[1]["state"] == "cancelled")


def test_a_service_of_the_catalogue_is_asked_for_by_open311_and_becomes_a_ticket(
    fengge: Fengge, hotline: Hotline
) -> None:
    offered = {each["service_code"] for each in hotline("GET", "/open311/v2/services.json")[1]}
    assert {"street_light", "haircut"} < offered
    assert not offered & {"gas_alarm", "tool_library"}
    external_id = str(uuid4())
    asked = {
        "service_code": "street_light", "address_id": "99010100100201001", "api_key": hotline.key,
        "lat": "30.2", "long": "120.1", "attribute[external_id]": external_id, "phone": "13900139311",
    }  # fmt: skip
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    status, (receipt,) = hotline.said("POST", "/open311/v2/requests.json", urlencode(asked), kind)
    number = receipt["service_request_id"]
    assert (status, number) == (200, ticket_number(SOURCE, external_id))
    path = f"/open311/v2/requests/{number}.json?extensions=true"
    eventually(lambda: "accepted" in [note["type"] for note in hotline("GET", path)[1][0]["notes"]])
    (shown,) = hotline("GET", path)[1]
    assert (shown["status"], shown["lat"], shown["long"]) == ("open", 30.2, 120.1)
    assert shown["expected_datetime"] > shown["requested_datetime"]
    assert fengge.json("ticket", "show", number)["ticket"]["category"] == "street_light"
    fengge("vault", "erase", "--phone", "13900139311", "--reason", "本人要求", "--yes", "--force")
    (left,) = hotline("GET", path)[1]
    assert (left["requested_datetime"], "lat" in left) == (shown["requested_datetime"], False)


def test_what_a_service_refuses_comes_back_to_the_reconciliation(
    fengge: Fengge, hotline: Hotline, tmp_path: Path
) -> None:
    external_id = str(uuid4())
    hotline("POST", "/events", request(external_id))
    again = request(external_id) | {"id": f"{external_id}/again"}
    assert hotline("POST", "/events", again)[0] == 202

    def refused() -> Any:
        where = f"/reconcile?source={SOURCE}&from=2026-11-16T00:00:00Z&to=2026-11-17T00:00:00Z"
        return [entry for entry in hotline("GET", where)[1]["refused"] if entry["id"] == again["id"]]

    assert eventually(refused)[0]["reason"] == "duplicate"
    ids = tmp_path / "ids"
    ids.write_text(f"{external_id}/1\nnever-sent\n", encoding="utf-8")
    period = ("--from", "2026-11-15", "--to", "2026-11-18")
    words = fengge("reconcile", SOURCE, *period, "--ids", str(ids), status=1)
    assert "never-sent" in words
    assert "duplicate" in words


def test_a_system_gets_a_new_key_and_is_shut_out_and_let_in_again(fengge: Fengge, hotline: Hotline) -> None:
    old = hotline.key
    hotline.key = fengge.json("client", "rotate", "acceptance", "--at-once")["key"]
    eventually(lambda: hotline("GET", "/tickets/x")[0] == 404)
    assert hotline("GET", "/tickets/x", key=old)[0] == 401
    fengge("client", "revoke", "acceptance")
    eventually(lambda: hotline("GET", "/tickets/x")[0] == 401)
    assert "revoked" in fengge("client", "list")
    fengge("client", "restore", "acceptance")
    eventually(lambda: hotline("GET", "/tickets/x")[0] == 404)


WRONG = {
    "a name like a sentence": ("add", "No Way", "--source", SOURCE),
    "a source that is none": ("add", "nobody", "--source", "two words"),
    "an event that is none": ("add", "nobody", "--source", SOURCE, "--event", "Nonsense"),
    "a way that is none": ("add", "nobody", "--source", SOURCE, "--auth", "password"),
    "a name that is taken": ("add", "acceptance", "--source", SOURCE),
    "nobody's key": ("rotate", "nobody"),
    "nobody": ("revoke", "nobody"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_done_is_told_why(fengge: Fengge, hotline: Hotline, what: str) -> None:
    assert fengge("client", *WRONG[what], status=1).strip()
