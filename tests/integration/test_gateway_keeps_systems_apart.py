"""A system enters by key, signature or token, and can neither see nor change what another has sent."""

import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)

from chassis.clock import now
from contracts.cloudevent import BATCH
from contracts.numbering import order_number, ticket_number
from contracts.signing import SIGNERS
from contracts.ticket import TicketAccepted
from deploy.local.endpoints import Endpoints
from services.gateway import client_store
from services.gateway.clients import OVERLAP
from services.gateway.enrolment import rotate
from tests.integration import gatehouse
from tests.integration.gatehouse import HOTLINE, ROOT, Gate, about, request
from tests.integration.process import until

OTHER = "urn:gate:other"
ISSUER = "https://issuer.test"
PERIOD = "from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z"


class Issuer:
    """An issuer of tokens with one key, which it publishes."""

    def __init__(self) -> None:
        self.key: EllipticCurvePrivateKey = generate_private_key(SECP256R1())
        self.url = ""

    def jwks(self) -> bytes:
        """Its public keys (RFC 7517)."""
        algorithm = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256)
        public = json.loads(algorithm.to_jwk(self.key.public_key()))
        return json.dumps({"keys": [public | {"kid": "k1", "use": "sig", "alg": "ES256"}]}).encode()

    def token(self, key: Any = None, algorithm: str = "ES256", **claims: Any) -> str:
        """A token for the client `broker`, with these claims changed."""
        said = {"iss": ISSUER, "aud": "fengge", "client_id": "broker", "exp": int(time.time()) + 60} | claims
        headers = {"kid": said.pop("kid", "k1")}
        return jwt.encode(said, key or self.key, algorithm=algorithm, headers=headers)


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(issuer.jwks())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Keys) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        issuer.url = f"http://127.0.0.1:{server.server_port}/jwks"
        yield issuer
        server.shutdown()


@pytest.fixture(scope="module")
def gate(servers: Endpoints, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    folder = tmp_path_factory.mktemp("gate")
    tokens = {"OAUTH_ISSUER": ISSUER, "OAUTH_JWKS_URL": issuer.url}
    with gatehouse.opened(servers, folder, "gateway_apart", **tokens) as opened:
        opened.let_in("other", OTHER)
        opened.let_in("signing", HOTLINE, kind="hmac")
        opened.let_in("broker", HOTLINE, kind="oauth")
        yield opened


@pytest.fixture(scope="module")
def number(gate: Gate) -> str:
    """A ticket of the hotline, and a standing order."""
    gate.send(request("mine"))
    return gate.received_by_desk("mine")


def test_who_says_nothing_or_guesses_is_told_nothing(gate: Gate) -> None:
    key = gate.keys["hotline"].key
    for given in ("", "x", "fgk.hotline.1.x", f"{key}x", key.replace("hotline", "other"), "fgk.nobody.1.x"):
        for headers in ({"X-API-Key": given}, {"Authorization": f"Bearer {given}"}):
            reply = gate.raw("GET", f"/reconcile?source={HOTLINE}&{PERIOD}", b"", headers)
            assert (reply.status, reply.problem) == (401, "unauthorized")
            assert "WWW-Authenticate".lower() in reply.headers


def test_no_key_is_at_rest_anywhere(gate: Gate) -> None:
    secret = gate.keys["hotline"].key.rpartition(".")[2]
    signing = gate.keys["signing"].secret
    tables = ("client", "credential", "scope", "access")
    rows = [row for table in tables for row in gate.query(f"SELECT t::text FROM {table} t")]
    assert not any(secret in text or str(signing) in text for (text,) in rows)
    assert secret not in gate.log.read_text()


@pytest.mark.parametrize("scheme", SIGNERS)
def test_a_signature_covers_the_whole_request(gate: Gate, scheme: str) -> None:
    target = f"/reconcile?source={HOTLINE}&{PERIOD}"
    body = json.dumps(request(f"signed-{scheme}")).encode()
    assert gate.signed("signing", scheme, "POST", "/events", body).status == 202
    assert gate.signed("signing", scheme, "GET", target).status == 200
    forged = [
        gate.signed("signing", scheme, "POST", "/events", body, signs=body + b" "),
        gate.signed("signing", scheme, "GET", target, at=int(time.time()) - 301),
        gate.signed("signing", scheme, "GET", target, secret="00" * 32),
    ]
    assert [reply.status for reply in forged] == [401] * 3
    gate.received()


def test_a_token_of_the_issuer_opens_and_no_other_does(gate: Gate, issuer: Issuer) -> None:
    stranger = generate_private_key(SECP256R1())
    bad = [
        issuer.token(stranger), issuer.token(iss="https://elsewhere.test"), issuer.token(aud="others"),
        issuer.token(exp=int(time.time()) - 3600), issuer.token(client_id="nobody"), issuer.token(kid="k2"),
        issuer.token("shared-secret-of-32-bytes-or-more", "HS256"), "a.b.c",
    ]  # fmt: skip

    def asked(token: str) -> int:
        where = f"/reconcile?source={HOTLINE}&{PERIOD}"
        return gate.raw("GET", where, b"", {"Authorization": f"Bearer {token}"}).status

    assert asked(issuer.token()) == 200
    assert [asked(token) for token in bad] == [401] * len(bad)


def answers(gate: Gate, where: str, status: int) -> bool:
    return gate.ask("GET", where, client="brief").status == status


def test_a_revoked_system_is_outside_and_a_restored_one_inside_again(gate: Gate) -> None:
    gate.let_in("brief", "urn:gate:brief")
    where = f"/reconcile?source=urn:gate:brief&{PERIOD}"
    assert gate.ask("GET", where, client="brief").status == 200
    for state, status in (("revoked", 401), ("active", 200)):
        with psycopg.connect(gate.database_url) as tx:
            assert client_store.set_state(tx, "brief", state)
        until(partial(answers, gate, where, status), 3.0)


def test_after_a_rotation_both_secrets_open_until_the_old_one_ends(gate: Gate) -> None:
    old = gate.let_in("turning", "urn:gate:turning").key
    where = f"/reconcile?source=urn:gate:turning&{PERIOD}"

    def opens(key: str) -> bool:
        return gate.raw("GET", where, b"", {"X-API-Key": key}).status == 200

    with psycopg.connect(gate.database_url) as tx:
        new = rotate(tx, "turning", ROOT, now() + OVERLAP)
    assert new
    until(lambda: opens(new.key), 3.0)
    assert opens(old)
    with psycopg.connect(gate.database_url) as tx:
        last = rotate(tx, "turning", ROOT, now())
    assert last
    until(lambda: opens(last.key), 3.0)
    assert not opens(old)
    assert not opens(new.key)


def test_a_system_sends_only_as_itself_and_only_what_it_may(gate: Gate) -> None:
    gate.let_in("narrow", "urn:gate:narrow", types=["cn.fengge.intake.SensorRaised.v1"])
    assert gate.send(request("x", source=HOTLINE), "other").problem == "forbidden"
    assert gate.send(request("x", source="urn:gate:narrow"), "narrow").problem == "forbidden"
    assert gate.nothing_more()
    assert gate.query("SELECT count(*) FROM refusal WHERE source = %s AND client = 'other'", HOTLINE) == [
        (0,)
    ]


FOREIGN: dict[str, dict[str, Any]] = {
    "cancel it": {"name": "RequestCancelled"},
    "urge": {"name": "ReminderSent", "actor": {"role": "requester", "id": "r"}},
    "report work": {
        "name": "WorkReported", "assignment": "a", "assignee": "x", "resolved": "yes",
    },
    "rate it": {"name": "RatingGiven", "resolved": "no", "satisfaction": "dissatisfied"},
    "comment": {"name": "CommentAdded", "actor": {"role": "operator", "id": "d"}, "words": "x"},
}  # fmt: skip


@pytest.mark.parametrize("what", FOREIGN)
def test_nobody_changes_the_ticket_of_another(gate: Gate, number: str, what: str) -> None:
    said = dict(FOREIGN[what])
    event = about(number, said.pop("name"), f"foreign-{what}", OTHER, **said)
    single = gate.send(event, "other")
    many = gate.ask("POST", "/events", json.dumps([event]).encode(), "other", Content_Type=BATCH)
    assert (single.status, single.problem, many.json["results"][0]["status"]) == (404, "unknown-ticket", 404)
    nobodys = about("0000-0000-0000-0000", "RequestCancelled", "nobodys", OTHER)
    assert gate.send(nobodys, "other").json["detail"] == single.json["detail"]


def test_nobody_joins_his_ticket_to_that_of_another(gate: Gate, number: str) -> None:
    gate.send(request("theirs", OTHER), "other")
    own = ticket_number(OTHER, "theirs")
    desk = {"actor": {"role": "operator", "id": "d"}}
    merge = about(own, "MergeOrdered", "merge", OTHER, primary=number, **desk)
    assert (gate.send(merge, "other").status, gate.send(merge, "other").json["ticket"]) == (404, number)
    waive = about(own, "WaiverOrdered", "waive", OTHER, child=number, reason_code="x", **desk)
    assert gate.send(waive, "other").status == 404


def test_nobody_ends_the_standing_order_of_another(gate: Gate) -> None:
    order = order_number(HOTLINE, "order")
    end = request("end", OTHER) | {
        "type": "cn.fengge.intake.StandingOrderEnded.v1",
        "data": {"order": order, "actor": {"role": "operator", "id": "d"}, "reason_code": "x"},
    }
    assert gate.send(end, "other").status == 404


def test_a_desk_works_on_the_tickets_of_all_and_sees_its_own(gate: Gate, number: str) -> None:
    gate.let_in("desk", "urn:gate:desk", any_ticket=True)
    said = {"words": "ok", "actor": {"role": "operator", "id": "d"}}
    comment = about(number, "CommentAdded", "desk/1", "urn:gate:desk", **said)
    assert gate.send(comment, "desk").status == 202
    assert gate.ask("GET", f"/tickets/{number}", client="desk").status == 404


def test_a_ticket_is_shown_to_its_sender_and_is_nothing_to_all_others(gate: Gate, number: str) -> None:
    accepted = TicketAccepted(
        category="street_light", severity="urgent", grid="9901", channel="hotline_12345", source=HOTLINE
    )
    gate.tell(number, accepted)
    until(lambda: gate.ask("GET", f"/tickets/{number}", client="hotline").json.get("state") == "accepted")
    shown = gate.ask("GET", f"/tickets/{number}", client="hotline").json
    assert (shown["external_id"], shown["severity"], shown["category"]) == ("mine", "urgent", "street_light")
    hidden = gate.ask("GET", f"/tickets/{number}", client="other")
    nobodys = gate.ask("GET", "/tickets/0000-0000-0000-0000", client="other")
    odd = gate.ask("GET", "/tickets/%00%27", client="other")
    assert (hidden.status, nobodys.status, odd.status) == (404, 404, 404)
    assert hidden.json["detail"] == nobodys.json["detail"]
    assert gate.raw("GET", f"/tickets/{number}", b"", {}).status == 401


def test_nobody_reconciles_for_another(gate: Gate) -> None:
    asked = {
        "source": HOTLINE,
        "from": "2026-11-21T00:00:00Z",
        "to": "2026-11-22T00:00:00Z",
        "ids": ["mine/1"],
    }
    replies = [
        gate.ask("GET", f"/reconcile?source={HOTLINE}&{PERIOD}", client="other"),
        gate.ask("POST", "/reconcile", json.dumps(asked).encode(), "other", Content_Type="application/json"),
    ]
    assert [(reply.status, reply.problem) for reply in replies] == [(403, "forbidden")] * 2


def test_the_document_is_for_everybody_and_other_paths_are_for_nobody(gate: Gate) -> None:
    assert gate.raw("GET", "/openapi.json", b"", {}).json["openapi"] == "3.1.0"
    assert gate.raw("GET", "/nothing", b"", {}).problem == "not-found"
    wrong = gate.raw("PUT", "/events", b"", {})
    assert (wrong.problem, "POST" in wrong.headers["allow"]) == ("method", True)
