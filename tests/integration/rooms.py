"""The operators' room on a real database, and operators who use it as browsers without scripts do."""

import re
from collections.abc import Mapping
from html import unescape
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import psycopg
from argon2 import PasswordHasher
from werkzeug.test import Client, TestResponse

from chassis.database import Database
from chassis.settings import Settings
from deploy.local.endpoints import Endpoints
from services.console import account_store
from services.console.cookies import LANGUAGE
from services.console.page import Page
from services.console.pages import PAGES
from services.console.room import Room
from services.console.session import csrf_of

PASSWORD = "correct horse battery"
HOST = "127.0.0.1:8444"
OURS = {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"}
TABLES = "account, session, failure, handshake, action"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Hundreds of sign-ins prove the same whatever a hash costs; a real one keeps a core busy for 0.1 s."""
HASH = QUICK.hash(PASSWORD)
HERE = {"REMOTE_ADDR": "127.0.0.1"}
COOKIE = "fengge_room"
CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


def opened(endpoints: Endpoints, pages: Any = PAGES, **settings: Any) -> Room:
    """The room of these servers, with an account for each role and nothing on record."""
    with psycopg.connect(endpoints.database_url("fengge_owner")) as tx:
        tx.execute("SET search_path = console")
        tx.execute(f"TRUNCATE {TABLES}")
        for role in ("viewer", "operator", "supervisor", "administrator"):
            account_store.add(tx, role, role, HASH, "test")
    url = endpoints.database_url("console")
    chosen = Settings(**{"amqp_url": "amqp://x", "database_url": url} | settings)
    return Room(chosen, Database(chosen, "console"), pages)


class Operator:
    """A browser without scripts: cookies, forms, headers."""

    def __init__(self, room: Room, language: str = "zh") -> None:
        self.room = room
        self.client = Client(room)
        self.client.set_cookie(LANGUAGE, language, domain="127.0.0.1")

    def get(self, path: str, **headers: str) -> TestResponse:
        """Opens a page, as somebody who types its address."""
        told = {"Host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.client.get(path, base_url=f"http://{HOST}", headers=told, environ_base=HERE)

    def post(
        self, path: str, form: Mapping[str, Any] | None = None, headers: Mapping[str, str] = OURS
    ) -> TestResponse:
        """Sends a form as it is given."""
        return self.client.post(
            path, base_url=f"http://{HOST}", data=form or {}, headers=headers, environ_base=HERE
        )

    def act(self, path: str, **form: Any) -> TestResponse:
        """Sends a form with the token of this session."""
        return self.post(path, {"csrf": self.csrf(), **form})

    def csrf(self) -> str:
        """The token in the forms of this session."""
        if self.client.get_cookie(COOKIE, domain="127.0.0.1") is None:
            found = CSRF.search(self.get("/sign-in").text)
            assert found
            assert found[1] == csrf_of(self.secret)
        return csrf_of(self.secret)

    def sign_in(self, name: str, password: str = PASSWORD, **form: str) -> TestResponse:
        """Signs in."""
        return self.act("/sign-in", name=name, password=password, **form)

    @property
    def secret(self) -> str:
        """What the cookie holds."""
        cookie = self.client.get_cookie(COOKIE, domain="127.0.0.1")
        assert cookie
        return str(cookie.value)

    @secret.setter
    def secret(self, value: str) -> None:
        self.client.set_cookie(COOKIE, value, domain="127.0.0.1")


def signed_in(room: Room, name: str, language: str = "zh") -> Operator:
    """An operator who is in; `name` is the role's too."""
    operator = Operator(room, language)
    answer = operator.sign_in(name)
    assert answer.status_code == 303, answer.text
    return operator


def entered(url: str, name: str, password: str = PASSWORD) -> str:
    """Signs in at a room that runs elsewhere; returns what the cookie holds, nothing for who is refused."""
    jar = CookieJar()
    browser = build_opener(HTTPCookieProcessor(jar))
    page = browser.open(f"{url}/sign-in", timeout=10).read().decode()
    found = CSRF.search(page)
    assert found
    form = urlencode({"csrf": found[1], "name": name, "password": password}).encode()
    try:
        browser.open(Request(f"{url}/sign-in", form, {"Origin": url}), timeout=10).close()
    except HTTPError as refusal:
        refusal.close()
        return ""
    return next(str(cookie.value) for cookie in jar if cookie.name == COOKIE)


def text_of(answer: TestResponse) -> str:
    """What stands on a page, without tags."""
    return unescape(re.sub(r"<[^>]+>", " ", answer.text))


def pages_with(*more: Page) -> tuple[Page, ...]:
    """The pages of the room and some of a test."""
    return (*PAGES, *more)
