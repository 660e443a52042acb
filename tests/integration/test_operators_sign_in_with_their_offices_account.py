"""Operators sign in with an issuer's account: what comes back must be what this browser asked for."""

import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug.test import TestResponse

from deploy.local.endpoints import Endpoints
from services.console.room import Room
from tests.integration import issuer, rooms
from tests.integration.issuer import CLIENT, SECRET, Provider
from tests.integration.rooms import Operator


@pytest.fixture
def provider() -> Iterator[Provider]:
    with issuer.provider() as found:
        yield found


@pytest.fixture
def room(migrated: Endpoints, provider: Provider) -> Iterator[Room]:
    room = rooms.opened(
        migrated, oidc_issuer=provider.url, oidc_client=CLIENT, oidc_secret=SECRET,
        oidc_roles={"leads": "supervisor", "desk": "operator", "all": "viewer"},
    )  # fmt: skip
    yield room
    room.close()


class Unmoved(urllib.request.HTTPRedirectHandler):
    """Goes nowhere by itself."""

    def redirect_request(self, *_: Any) -> None:
        """Nothing."""


def at_issuer(url: str) -> str:
    """The browser at the issuer: where it is sent back to."""
    try:
        urllib.request.build_opener(Unmoved).open(url, timeout=5)
    except HTTPError as answer:
        with answer:
            return str(answer.headers["Location"])
    raise AssertionError("the issuer sent nobody back")


def begun(operator: Operator, target: str = "/audit") -> str:
    """Where the issuer sends the browser back to, as path and query."""
    answer = operator.get(f"/sign-in/issuer?next={target}")
    assert answer.status_code == 303
    back = urlsplit(at_issuer(answer.headers["Location"]))
    return f"{back.path}?{back.query}"


def returned(operator: Operator, back: str) -> TestResponse:
    """The browser comes back over a redirection of another site."""
    return operator.get(
        back, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document"
    )


def test_whom_the_issuer_vouches_for_is_in_with_the_role_of_a_claim(room: Room, migrated: Endpoints) -> None:
    operator = Operator(room)
    assert "/sign-in/issuer?next=" in operator.get("/sign-in").text
    answer = returned(operator, begun(operator))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/audit")
    page = operator.get("/audit")
    assert page.status_code == 200
    assert "li.wei · 主管" in page.text
    with psycopg.connect(migrated.database_url("console")) as tx:
        row = tx.execute("SELECT role, password, subject FROM account WHERE name = 'li.wei'").fetchone()
    assert row == ("supervisor", None, "u-1")


def test_the_highest_role_counts_and_follows_the_claim(room: Room, provider: Provider) -> None:
    provider.claims["groups"] = ["all", "leads", "unknown"]
    operator = Operator(room)
    returned(operator, begun(operator))
    assert operator.get("/audit").status_code == 200
    provider.claims["groups"] = ["all"]
    returned(operator, begun(operator))
    assert operator.get("/audit").status_code == 403


@pytest.mark.parametrize("groups", [[], ["unknown"], "unknown", None])
def test_who_has_no_role_stays_outside(room: Room, provider: Provider, groups: Any) -> None:
    provider.claims["groups"] = groups
    operator = Operator(room)
    answer = returned(operator, begun(operator))
    assert answer.status_code == 403
    assert "没有值班室权限" in answer.text


def test_nobody_takes_over_an_account_of_the_room_by_its_name(room: Room, provider: Provider) -> None:
    provider.claims["preferred_username"] = "administrator"
    operator = Operator(room)
    assert returned(operator, begun(operator)).status_code == 403


FORGED: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "another"},
    "another client": {"aud": "another"},
    "several clients, this one not asking": {"aud": [CLIENT, "another"], "azp": "another"},
    "another issuer": {"iss": "http://evil.example"},
    "over": {"exp": 1_000_000_000},
    "nobody": {"sub": None},
}


@pytest.mark.parametrize("altered", FORGED.values(), ids=list(FORGED))
def test_a_token_that_does_not_fit_opens_nothing(
    room: Room, provider: Provider, altered: dict[str, Any]
) -> None:
    provider.altered = altered
    operator = Operator(room)
    assert returned(operator, begun(operator)).status_code == 403
    assert operator.get("/audit").status_code == 303


def test_a_token_of_another_key_opens_nothing(room: Room, provider: Provider) -> None:
    provider.signs_with = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    operator = Operator(room)
    assert returned(operator, begun(operator)).status_code == 403


def test_what_one_browser_began_no_other_can_end(room: Room) -> None:
    operator, other = Operator(room), Operator(room)
    back = begun(operator)
    other.csrf()
    assert returned(other, back).status_code == 403
    assert other.get("/audit").status_code == 303


def test_a_return_counts_once(room: Room) -> None:
    operator = Operator(room)
    back = begun(operator)
    assert returned(operator, back).status_code == 303
    assert returned(operator, back).status_code == 403


def test_a_code_of_somebody_else_opens_nothing(room: Room) -> None:
    """Their code was asked for with another verifier."""
    victim, attacker = Operator(room), Operator(room)
    theirs, own = begun(victim), begun(attacker)
    code = parse_qs(urlsplit(theirs).query)["code"][0]
    state = parse_qs(urlsplit(own).query)["state"][0]
    assert returned(attacker, f"/sign-in/back?code={code}&state={state}").status_code == 403


def test_an_issuer_that_is_away_is_said_to_be(migrated: Endpoints, provider: Provider, room: Room) -> None:
    provider.broken = True
    operator = Operator(room)
    answer = operator.get("/sign-in/issuer")
    assert answer.status_code == 503
    assert "统一身份系统暂时无法访问" in answer.text
    assert operator.sign_in("viewer").status_code == 303


def test_without_an_issuer_there_is_no_way_through_one(migrated: Endpoints) -> None:
    room = rooms.opened(migrated)
    operator = Operator(room)
    assert "/sign-in/issuer" not in operator.get("/sign-in").text
    assert operator.get("/sign-in/issuer").status_code == 404
    room.close()
