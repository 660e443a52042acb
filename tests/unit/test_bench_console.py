"""The benchmark of the operators' room opens every page that there is."""

from bench.visits import LOOKS, SAMPLES, visits
from services.console.pages import PAGES


def test_every_page_that_is_looked_at_has_what_its_path_asks_for() -> None:
    found = [visit.path for visit in visits(dict.fromkeys([*SAMPLES, "key"], "x"))]
    looked_at = {
        route.path for page in PAGES for route in page.routes if route.method == "GET" and route.role
    }
    assert len(found) >= len(looked_at | LOOKS.keys())
    assert not [path for path in found if "<" in path or "{" in path]


def test_only_forms_that_change_no_ticket_are_sent() -> None:
    sent = [visit for visit in visits(dict.fromkeys([*SAMPLES, "key"], "x")) if visit.form]
    assert [visit.path for visit in sent] == ["/failed/record/x/x/look", "/ticket/by-phone"]
