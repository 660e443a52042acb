"""The operators' room of a house in trouble, seen by an operator with a real browser."""

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from playwright.sync_api import Page

from contracts.registry import CONSOLE
from services.console import account_store, passwords
from tests.browser import Eyes, chromium
from tests.faults.rig.house import House
from tests.integration.rooms import PASSWORD, entered

NAMED = 15.0
"""Seconds within which the page *Now* names an accident."""
TICKET = 'a[href^="/ticket/"]'
REASON = "演练：恢复服务"


@dataclass
class Desk:
    """An operator before the page *Now*."""

    page: Page
    told_after: float = 0.0

    def is_told(self, kind: str, service: str = "", within: float = NAMED) -> str:
        """Waits until the page names such a cause by itself, and tickets that wait; what it says of it."""
        begun = time.monotonic()
        article = self.page.locator(_article(kind, service)).filter(has=self.page.locator(TICKET))
        article.first.wait_for(timeout=within * 1000)
        self.told_after = time.monotonic() - begun
        return article.first.inner_text()

    def is_well_again(self, kind: str, service: str = "", within: float = 30.0) -> None:
        """Waits until the page names it no more."""
        self.page.locator(_article(kind, service)).first.wait_for(state="detached", timeout=within * 1000)

    def mends(self, kind: str, service: str, button: str, home: str = "") -> None:
        """Presses the button of a finding, gives a reason (and where a grid belongs), does it, comes back."""
        self.page.locator(_article(kind, service)).first.get_by_role("link", name=button).first.click()
        if home:
            self.page.select_option("#home", home)
        self.page.fill("#reason", REASON)
        self.page.get_by_role("button", name="执行").click()
        self.page.wait_for_url(re.compile("/(control|now)$"))
        self.page.click('nav a[href="/now"]')
        self.page.wait_for_url("**/now")


@contextmanager
def staffed(house: House) -> Iterator[Desk]:
    """The room of the house, and an operator in it."""
    with psycopg.connect(house.endpoints.database_url(CONSOLE)) as tx:
        account_store.add(tx, "operator", "operator", passwords.hashed(PASSWORD), "test")
    house.start(CONSOLE)
    url = house.specs[CONSOLE].edge
    try:
        with chromium() as browser:
            eyes = Eyes(browser, url, lambda role: entered(url, role))
            with eyes.on("/now", role="operator") as page:
                yield Desk(page)
    finally:
        house.kill(CONSOLE, sign=signal.SIGTERM)


def _article(kind: str, service: str) -> str:
    return f'article[data-kind="{kind}"]' + (f'[data-service="{service}"]' if service else "")
