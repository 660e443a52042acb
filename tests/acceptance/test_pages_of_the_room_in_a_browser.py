"""The pages of the operators' room in Chromium: Chinese and English, desk and phone, judged by axe."""

from uuid import uuid4

import pytest

from contracts.numbering import ticket_number
from tests.acceptance.conftest import Fengge, eventually
from tests.browser import Eyes, Language
from tests.integration.rooms import PASSWORD

BOTH = pytest.mark.parametrize(("language", "narrow"), [("zh", False), ("en", True)])
HEADER = "external_id,channel,source,title,body,category,grid,requester_phone\n"


@pytest.fixture(scope="module")
def asked(fengge: Fengge, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The external number of a request that has been offered to somebody."""
    external_id = f"ROOM-{uuid4()}"
    sheet = tmp_path_factory.mktemp("room") / "one.csv"
    row = f"{external_id},resident,/room/test,楼道灯坏了,三楼,street_light,99010100100201001,13800138000\n"
    sheet.write_text(HEADER + row)
    assert fengge.json("publish", str(sheet)) == {"confirmed": 1, "refused": []}
    number = ticket_number("/room/test", external_id)
    eventually(lambda: any(row["id"] == number for row in fengge.json("ticket", "list")))
    eventually(lambda: fengge.json("ticket", "show", number)["ticket"]["state"] == "dispatching")
    return external_id


@BOTH
def test_the_way_in_and_the_record_are_good_to_look_at(eyes: Eyes, language: Language, narrow: bool) -> None:
    form = eyes.look("/sign-in", role="", language=language, narrow=narrow, keep=f"sign-in-{language}")
    assert ("登录" if language == "zh" else "Sign in") in form
    record = eyes.look("/audit", role="supervisor", language=language, narrow=narrow, dark=narrow)
    assert ("审计" if language == "zh" else "Audit") in record


@BOTH
def test_who_waits_what_failed_and_what_can_be_held_are_good_to_look_at(
    eyes: Eyes, language: Language, narrow: bool
) -> None:
    for path, role, words in (
        ("/now", "viewer", ("现在", "Now")),
        ("/failed", "viewer", ("搁置", "Failed")),
        ("/control", "supervisor", ("操控", "Control")),
    ):
        keep = f"control-{language}" if path == "/control" else ""
        told = eyes.look(path, role=role, language=language, narrow=narrow, dark=narrow, keep=keep)
        assert words[language == "en"] in told


@pytest.mark.parametrize("scripts", [True, False])
def test_somebody_signs_in_and_out_with_and_without_scripts(eyes: Eyes, scripts: bool) -> None:
    with eyes.on("/audit", role="", scripts=scripts) as page:
        page.fill("#name", "administrator")
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("h1:has-text('审计')")
        page.click("text=English")
        page.wait_for_selector("text=Audit")
        page.click("text=Sign out")
        page.wait_for_url("**/sign-in*")


@BOTH
def test_the_ticket_somebody_asks_about_is_found_and_told(
    eyes: Eyes, asked: str, language: Language, narrow: bool
) -> None:
    number = ticket_number("/room/test", asked)
    with eyes.on("/ticket", language=language, narrow=narrow, dark=narrow) as page:
        eyes.judge(page)
        page.fill("#q", asked)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/ticket/{number}")
        eyes.judge(page)
        eyes.keep(page, f"ticket-{language}")
        with page.expect_response(f"**/ticket/{number}/stuck") as refreshed:
            page.evaluate("window.dispatchEvent(new Event('focus'))")
        assert refreshed.value.status == 200
        told = page.inner_text("main")
    for words in (
        ("派单", "受理", "办理", "（部门）")
        if language == "zh"
        else ("Offer made", "Ticket accepted", "handling", "(department)")
    ):
        assert words in told
    assert "楼道灯坏了" not in told
    assert "13800138000" not in told


def test_tickets_are_found_by_their_number_as_it_is_said_and_by_cell(eyes: Eyes, asked: str) -> None:
    number = ticket_number("/room/test", asked)
    assert number in eyes.look(f"/ticket?q={number.lower().replace('-', '')}")
    assert number in eyes.look("/ticket?q=990101001002", language="en", narrow=True)


def test_an_operator_finds_a_telephone_number_and_the_look_is_on_record(
    eyes: Eyes, fengge: Fengge, asked: str
) -> None:
    number = ticket_number("/room/test", asked)
    with eyes.on("/ticket", role="operator") as page:
        page.click("summary")
        page.fill("#phone", "+86 138 0013 8000")
        page.fill("#reason", "resident calls back")
        page.click("details button")
        page.wait_for_selector(f"text={number}")
        eyes.judge(page)
    assert "resident calls back" in eyes.look("/audit?what=ticket+by+phone", role="supervisor")
    assert number in fengge("vault", "log", "--json")
    with eyes.on("/ticket", role="viewer") as page:
        assert page.query_selector("details") is None
