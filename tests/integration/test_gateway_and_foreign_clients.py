"""Unmodified clients of others get along with the gateway: CloudEvents SDKs, three, schemathesis."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from cloudevents.core.bindings import http as binding
from cloudevents.core.v1.event import CloudEvent

from contracts.cloudevent import BATCH
from contracts.numbering import ticket_number
from deploy.local.endpoints import Endpoints
from services.gateway.library.shelf import shelf
from tests.integration import gatehouse
from tests.integration.gatehouse import HOTLINE, REQUEST, Gate, service
from tests.integration.notifying import TOKEN, notifying
from tests.npm import node_with
from tests.open311 import three_at

NPM = "cloudevents@8.0.2"
DOCS = Path(__file__).parents[2] / "docs"
SENDS = """
const { CloudEvent, HTTP } = require("cloudevents");
const { type, source, data } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const made = (id) => {
  const time = new Date().toISOString();
  return new CloudEvent({ type, source, id, time, data: { ...data, external_id: id } });
};
console.log(JSON.stringify([HTTP.structured(made("npm-1")), HTTP.binary(made("npm-2"))]));
"""
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,ignored_auth,allow_header_conformance,missing_required_header"
)


@pytest.fixture(scope="module")
def gate(servers: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """The gateway, and behind it the notification service, which keeps webhooks."""
    folder = tmp_path_factory.mktemp("house")
    with notifying(servers, folder, "notification_foreign", NOTIFY_TOKEN="n" * 40) as house:
        inside = {"NOTIFICATION_URL": f"http://127.0.0.1:{house.health_port}", "INTERNAL_TOKEN": TOKEN}
        with gatehouse.opened(
            servers, tmp_path_factory.mktemp("gate"), "gateway_foreign", **inside
        ) as opened:
            yield opened


def made(external_id: str) -> CloudEvent:
    data = {"external_id": external_id, "channel": "hotline_12345", "title": "路灯不亮 50%"}
    attributes = {
        "type": REQUEST, "source": HOTLINE, "id": f"{external_id}/一", "time": datetime.now(UTC),
        "datacontenttype": "application/json", "specversion": "1.0", "partitionkey": "theirs",
    }  # fmt: skip
    return CloudEvent(attributes, data)


def sent(gate: Gate, message: Any) -> Any:
    reply = gate.raw("POST", "/events", bytes(message.body), keyed(gate, message.headers))
    assert reply.status == 202, reply
    return reply.json


def keyed(gate: Gate, headers: Mapping[str, Any]) -> dict[str, str]:
    return {**headers, "X-API-Key": gate.keys["hotline"].key}


def test_the_python_sdk_sends_structured_binary_and_batch(gate: Gate) -> None:
    assert sent(gate, binding.to_structured_event(made("py-1")))["id"] == "py-1/一"
    assert sent(gate, binding.to_binary_event(made("py-2")))["id"] == "py-2/一"
    bodies = [binding.to_structured_event(made(name)).body for name in ("py-3", "py-4")]
    reply = gate.raw("POST", "/events", b"[" + b",".join(bodies) + b"]", keyed(gate, {"Content-Type": BATCH}))
    assert [result["status"] for result in reply.json["results"]] == [202, 202]
    came = [gate.received()[1] for _ in range(4)]
    assert [event["data"]["external_id"] for event in came] == ["py-1", "py-2", "py-3", "py-4"]
    assert {event["data"]["title"] for event in came} == {"路灯不亮 50%"}


def test_the_npm_sdk_sends_structured_binary_and_batch(gate: Gate) -> None:
    program, folder = node_with(NPM, "only the Python SDK has sent events")
    data = {"channel": "hotline_12345", "title": "路灯不亮"}
    told = subprocess.run(
        [program, "-e", SENDS], input=json.dumps({"type": REQUEST, "source": HOTLINE, "data": data}),
        cwd=folder, text=True, capture_output=True, timeout=30,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    structured, binary = json.loads(told.stdout)
    for message in (structured, binary):
        body = message["body"] if isinstance(message["body"], str) else json.dumps(message["body"])
        reply = gate.raw("POST", "/events", body.encode(), keyed(gate, message["headers"]))
        assert reply.status == 202, reply
    batch = f"[{structured['body']}]".encode()
    reply = gate.raw("POST", "/events", batch, keyed(gate, {"Content-Type": BATCH}))
    assert [result["taken"]["state"] for result in reply.json["results"]] == ["repeated"]
    assert [gate.received()[1]["data"]["external_id"] for _ in range(2)] == ["npm-1", "npm-2"]


def test_the_client_three_asks_for_services_and_sees_how_requests_stand(gate: Gate) -> None:
    key = gate.keys["hotline"].key
    gate.offer(service("street_light"), service("pothole"))
    with three_at(gate.port, key) as client:
        assert client.discovery()["endpoints"][0]["formats"] == ["application/json", "text/xml"]
        assert {each["service_code"] for each in client.services()} == {"pothole", "street_light"}
        assert client.services("pothole")["attributes"][0]["code"] == "external_id"
        said = {"attribute[external_id]": "three-1", "description": "路灯不亮", "address": "南园街9号"}
        said |= {"name": "Ann Lee", "email": "ann@a.example", "phone": "13800138000"}
        (receipt,) = client.post("street_light", **said)
        number = receipt["service_request_id"]
        assert (number, client.post("street_light", **said)) == (ticket_number(HOTLINE, "three-1"), [receipt])
        (shown,) = client.request(number, api_key=key)
        assert (shown["status"], shown["service_code"]) == ("open", "street_light")
        today = datetime.now(UTC).date()
        dates = [f"{day:%m-%d-%Y}" for day in (today - timedelta(days=1), today + timedelta(days=1))]
        assert client.requests("street_light", between=dates, api_key=key) == [shown]
        assert client.requests("pothole", api_key=key) == []
        assert client.token("three-1", api_key=key)[0]["service_request_id"] == number
        client.configure(format="xml")
        root = fromstring(client.request(number, api_key=key, convert=False))
        assert root.findtext("request/service_request_id") == number
        (error,) = fromstring(client.request("nobody", api_key=key, convert=False))
        assert error.findtext("code") == "404"
    came = gate.received()[1]["data"]
    assert (came["requester"]["name"], came["address"]) == ("Ann Lee", "南园街9号")
    assert gate.nothing_more()


@pytest.mark.parametrize("guide", ["integrators.md", "integrators.zh-CN.md"])
def test_the_curls_of_the_guide_work_as_they_stand(gate: Gate, guide: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed: nobody has tried the guide's command")
    written = re.findall(r"```bash\n(curl .*?)```", (DOCS / guide).read_text(encoding="utf-8"), re.DOTALL)
    if "guide" not in gate.keys:
        gate.let_in("guide", "urn:hotline:12345")
        gate.offer(service("street_light"))
    where = {"FENGGE_URL": f"http://127.0.0.1:{gate.port}", "FENGGE_KEY": gate.keys["guide"].key}
    answers = []
    for command in (each for each in written if "/hotline/" not in each):  # that needs a city's mapping
        argv = ["bash", "-c", command]
        told = subprocess.run(argv, env=os.environ | where, text=True, capture_output=True, timeout=30)
        assert told.returncode == 0, told.stderr
        answers.append(json.loads(told.stdout))
    event, (request,) = answers
    assert event["ticket"] == ticket_number("urn:hotline:12345", "GD20261121000173")
    assert request["service_request_id"] == ticket_number("urn:hotline:12345", "LD20261121000007")


def test_documents_schemas_samples_and_pages_are_read_without_a_key(gate: Gate) -> None:
    for path, kind in {
        "/docs": "text/html; charset=utf-8", f"/docs/{REQUEST}.html": "text/html; charset=utf-8",
        "/docs/style.css": "text/css; charset=utf-8", "/contracts/asyncapi.json": "application/json",
        "/contracts/openapi.yaml": "application/yaml",
        f"/contracts/{REQUEST}.schema.json": "application/json",
        f"/contracts/samples/{REQUEST}.json": "application/json",
    }.items():  # fmt: skip
        reply = gate.raw("GET", path, b"", {})
        assert (reply.status, reply.headers["content-type"]) == (200, kind)
        assert reply.body == shelf()[path].body
        assert reply.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self';")
        assert reply.headers["x-content-type-options"] == "nosniff"
    assert gate.raw("POST", "/docs", b"", {}).problem == "method"
    assert gate.raw("GET", "/contracts/../edge.py", b"", {}).problem == "not-found"


def test_schemathesis_finds_no_answer_that_the_document_does_not_promise(gate: Gate, tmp_path: Path) -> None:
    limits = ["--max-examples", "25", "--seed", "1", "--phases", "examples,coverage,fuzzing", "--no-shrink"]
    told = schemathesis(gate, tmp_path, "run", *limits, seconds=300)
    assert told.returncode == 0, told.stdout[-6000:] + told.stderr[-2000:]
    assert gate.query("SELECT count(*) > 50 FROM access") == [(True,)]
    assert_no_fault(gate)


@pytest.mark.long
def test_minutes_of_nonsense_bring_out_no_fault_and_nobody(gate: Gate, tmp_path: Path) -> None:
    seconds = 60 * float(os.environ.get("MINUTES", "10"))
    person = {"name": "欧阳慧敏", "phone": "13912345678"}
    assert gate.send(gatehouse.request("planted", requester=person)).status == 202
    # A test of a webhook calls an address that nobody here has named.
    limits = [
        "--max-examples",
        "50",
        "--no-shrink",
        "--exclude-path",
        "/webhooks/{name}/test",
        "--report",
        "ndjson",
    ]
    seeds, until = count(1), time.monotonic() + seconds
    while time.monotonic() < until:
        told = schemathesis(gate, tmp_path, "run", "--seed", str(next(seeds)), *limits, seconds=seconds + 300)
        assert told.returncode == 0, told.stdout[-6000:] + told.stderr[-2000:]
    ((asked,),) = gate.query("SELECT count(*) FROM access")
    print(f"{asked} requests in {next(seeds) - 1} rounds of other nonsense")
    assert asked > seconds
    assert_no_fault(gate)
    said = "".join(report.read_text(encoding="utf-8") for report in tmp_path.rglob("*.ndjson"))
    assert said
    assert not [word for word in spellings(["Traceback", *person.values()]) if word in said]


def spellings(words: Collection[str]) -> list[str]:
    """Texts as they may stand in a report of bodies: plain, as JSON escapes, in Base64 at any offset."""
    raw = [word.encode() for word in words]
    shifted = [
        b64encode(b"\0" * lead + each)[4 if lead else 0 : -4].decode() for each in raw for lead in range(3)
    ]
    return [*words, *(json.dumps(word).strip('"') for word in words), *shifted]


def schemathesis(
    gate: Gate, folder: Path, command: str, *limits: str, seconds: float
) -> "subprocess.CompletedProcess[str]":
    """What schemathesis says of the running gateway, to which it comes as one of its clients."""
    url = f"http://127.0.0.1:{gate.port}"
    argv = [
        str(Path(sys.executable).with_name("st")), "--no-color", command, f"{url}/openapi.json", "--url", url,
        "--header", f"X-API-Key: {gate.keys['hotline'].key}", "--checks", CHECKS,
        "--suppress-health-check", "all", "--warnings", "off", *limits,
    ]  # fmt: skip
    return subprocess.run(argv, cwd=folder, text=True, capture_output=True, timeout=seconds)


def assert_no_fault(gate: Gate) -> None:
    assert gate.query("SELECT count(*) FROM access WHERE status >= 500") == [(0,)]
    assert '"level":"error"' not in gate.log.read_text()
