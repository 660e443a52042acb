"""Nobody knows a new kind of fact: its tickets wait; an operator sees to them with the page's own buttons."""

import json

import psycopg
import pytest

from contracts.registry import CONSOLE
from services.console import account_store, passwords
from services.console.words import party
from tests.browser import Eyes, chromium
from tests.faults.rig.drill import Drill
from tests.faults.test_old_and_new_contract_side_by_side import open_records, upgrade
from tests.integration.process import until
from tests.integration.rooms import PASSWORD, entered

HEARERS = ("ticket", "evaluation", "notification")
UNKNOWN = "cn.fengge.dispatch.AssignmentAnnotated.v1"


@pytest.mark.accident(20)
@pytest.mark.long
def test_a_poisoned_shard_is_mended_with_the_buttons_of_the_page(drill: Drill) -> None:
    house = drill.house
    house.start(CONSOLE)
    upgrade(drill, "dispatch")  # says what nobody else knows
    drill.submit(150, rate=25)
    until(lambda: drill.load.asked, 30)
    until(
        lambda: {service for service, *_ in open_records(drill)} >= {"ticket", "notification", "evaluation"}
    )
    upgrade(drill, *HEARERS)  # the cause is mended, the tickets still wait
    document = json.loads((house.run / "endpoints.json").read_text())
    with psycopg.connect(document["database"]["roles"][CONSOLE]) as tx:
        account_store.add(tx, "operator", "operator", passwords.hashed(PASSWORD), "drill")
    url = document["console"]
    with chromium() as browser:
        eyes = Eyes(browser, url, lambda role: entered(url, role))
        for service in HEARERS:
            mend(eyes, service)
    drill.healed()
    drill.judge()
    assert not open_records(drill)


def mend(eyes: Eyes, service: str) -> None:
    """What an operator clicks to have a group of this service tried again."""
    with eyes.on("/failed", role="operator") as page:
        assert UNKNOWN in page.inner_text("table >> nth=0")
        group = f"{party(service, 'zh')} {UNKNOWN}"
        page.click(f"tbody a:has-text('{group}')")
        page.fill("#rate", "50")
        page.click("text=试算：重试本组")
        page.fill("#reason", "新版本已上线")
        page.click("text=确认重试")
        page.wait_for_selector("#state:has-text('已完成')")
