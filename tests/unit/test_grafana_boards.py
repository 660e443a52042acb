"""The boards are what their code says, cover every service, and are ones that Grafana can read."""

import re

import pytest

from contracts.registry import LEDGERS
from deploy.grafana.__main__ import FOLDER, files
from deploy.grafana.dashboards import DASHBOARDS, NAMES


def test_the_files_are_what_the_code_says() -> None:
    assert {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")} == files()


def test_there_is_one_over_all_and_one_for_each_service() -> None:
    assert set(DASHBOARDS) == {"overview", *LEDGERS}
    assert len({board["uid"] for board in DASHBOARDS.values()}) == len(DASHBOARDS)
    assert set(NAMES) == set(LEDGERS)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_no_two_panels_lie_upon_each_other_and_each_has_a_title_in_both_languages(name: str) -> None:
    panels = DASHBOARDS[name]["panels"]
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(panels)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert re.search("[一-鿿].* · [A-Z]", panel["title"]), panel["title"]
        assert panel["targets"]


@pytest.mark.parametrize("name", LEDGERS)
def test_a_services_board_is_about_it_alone(name: str) -> None:
    asked = [target["expr"] for panel in DASHBOARDS[name]["panels"] for target in panel["targets"]]
    assert all(f'service="{name}"' in expr for expr in asked if "service=" in expr)
