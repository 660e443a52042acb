"""The benchmark of the operators' room opens every page that there is."""

from bench.console import MORE, SAMPLES, paths
from services.console.pages import PAGES


def test_every_page_that_is_looked_at_has_what_its_path_asks_for() -> None:
    found = list(paths({**dict.fromkeys(SAMPLES, "x"), **dict.fromkeys(MORE, "y")}))
    looked_at = {
        route.path for page in PAGES for route in page.routes if route.method == "GET" and route.role
    }
    assert len(found) >= len(looked_at)
    assert not [path for path in found if "<" in path or "{" in path]
