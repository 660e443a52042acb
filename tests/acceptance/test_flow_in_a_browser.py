"""*Flow* in a house at work: the room counts by itself, and a browser shows it to everybody who may look."""

from uuid import uuid4

import pytest

from tests.acceptance.conftest import Fengge, eventually
from tests.browser import Eyes, Language

HEADER = "external_id,channel,source,title,body,category,grid,requester_phone\n"
GRID = "99010100100201001"


@pytest.fixture(scope="module")
def counted(fengge: Fengge, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A request is in, and the room has counted it."""
    sheet = tmp_path_factory.mktemp("flow") / "one.csv"
    row = f"FLOW-{uuid4()},resident,/room/flow,楼道灯坏了,三楼,street_light,{GRID},13800138000\n"
    sheet.write_text(HEADER + row)
    assert fengge.json("publish", str(sheet)) == {"confirmed": 1, "refused": []}

    def seen() -> bool:
        heat = fengge.json("flow", "heat", "--grid", GRID)
        return any(spot["received"] for spot in heat["places"])

    eventually(seen)


@pytest.mark.parametrize(("language", "narrow"), [("zh", False), ("en", True)])
def test_flow_is_good_to_look_at(counted: None, eyes: Eyes, language: Language, narrow: bool) -> None:
    text = eyes.look("/flow", language=language, narrow=narrow, keep=f"flow-{language}")
    assert ("各网格的热度" if language == "zh" else "Heat by grid") in text
    assert "TicketReceived" in text


def test_a_grid_and_a_period_are_chosen_by_keyboard_without_scripts(counted: None, eyes: Eyes) -> None:
    with eyes.on("/flow", scripts=False) as page:
        page.select_option("#period", "week")
        page.fill("#grid", GRID)
        page.keyboard.press("Enter")
        page.wait_for_selector("#days")
        assert f"grid={GRID}" in page.url
        page.click("nav ol.way a >> nth=0")
        page.wait_for_url("**/flow?period=week")
