"""A real browser looks at pages of the operators' room: nothing against the policy, nothing axe minds.

Pages' tests call `eyes.look(path, …)`, or `with eyes.on(path, …) as page:` to click as well.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from services.console.cookies import LANGUAGE
from tests.integration.rooms import COOKIE
from tests.npm import node_with

AXE = "axe-core@4.14.1"
SHOTS = Path(__file__).parents[1] / "docs" / "console"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
JUDGE = """async (tags) => (await axe.run(document, {runOnly: tags, resultTypes: ["violations"]})).violations
  .filter(each => ["serious", "critical"].includes(each.impact))
  .map(each => each.id + ": " + each.nodes.map(node => node.html.slice(0, 200)).join(" | "))"""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"

Language = Literal["zh", "en"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's browser, driven by Playwright; skips where it is missing."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed: pages are only read as text here (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


class Eyes:
    """Looks at one room with one browser; `enter` signs somebody of a role in and returns their cookie."""

    def __init__(self, browser: Browser, url: str, enter: Callable[[str], str]) -> None:
        self._browser, self._url, self._enter = browser, url, enter
        self._secrets: dict[str, str] = {}

    def look(self, path: str, keep: str = "", **how: Any) -> str:
        """Opens a page, judges it, returns its text; `keep` names its picture for docs/console."""
        with self.on(path, **how) as page:
            self.judge(page)
            if keep:
                self.keep(page, keep)
            return page.inner_text("body")

    @contextmanager
    def on(
        self, path: str, *, role: str = "viewer", language: Language = "zh", narrow: bool = False,
        scripts: bool = True, dark: bool = False,
    ) -> Iterator[Page]:  # fmt: skip
        """The open page of somebody with this role (an empty one: nobody); its complaints are errors."""
        context = self._browser.new_context(
            viewport=NARROW if narrow else WIDE,  # type: ignore[arg-type]
            java_script_enabled=scripts, reduced_motion="reduce", color_scheme="dark" if dark else "light",
        )  # fmt: skip
        cookies = {LANGUAGE: language} | ({COOKIE: self._secret(role)} if role else {})
        context.add_cookies([{"name": n, "value": v, "url": self._url} for n, v in cookies.items()])
        page, complaints = context.new_page(), list[str]()
        page.on("console", lambda message: complaints.extend(_complaint(message)))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        try:
            page.goto(f"{self._url}{path}", wait_until="load")
            yield page
            assert complaints == []
        finally:
            context.close()

    def judge(self, page: Page) -> None:
        """Nothing serious for axe, the right language, nothing wider than the window."""
        assert page.get_attribute("html", "lang") in ("zh-Hans", "en")
        page.evaluate(_axe())
        assert page.evaluate(JUDGE, TAGS) == []
        assert page.evaluate(WIDER) <= 0, "the page is wider than the window"

    def keep(self, page: Page, name: str) -> None:
        """Keeps a picture for the documentation, where `make pictures` asks for it."""
        if os.environ.get("PICTURES"):
            SHOTS.mkdir(exist_ok=True)
            page.screenshot(path=SHOTS / f"{name}.png")

    def _secret(self, role: str) -> str:
        if role not in self._secrets:
            self._secrets[role] = self._enter(role)
        return self._secrets[role]


@cache
def _axe() -> str:
    """The program that judges how accessible a page is; whoever only clicks does not need it."""
    folder = node_with(AXE, "pages were opened, but nobody judged how accessible they are")[1]
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def _complaint(message: ConsoleMessage) -> Iterator[str]:
    if message.type in ("error", "warning"):
        yield message.text
