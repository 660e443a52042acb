"""Panels and boards as Grafana reads them (JSON model, schema 39), from a title and a few questions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

SOURCE = {"type": "prometheus", "uid": "fengge"}
WIDTH, HEIGHT = 8, 7
"""Three panels stand side by side: Grafana's grid is 24 wide."""


@dataclass(frozen=True)
class Panel:
    """A title in both languages, and PromQL by legend; `bad` is the value from which it is red."""

    title: str
    asks: Sequence[tuple[str, str]]
    unit: str = "short"
    bad: float | None = None
    now: bool = False
    """Whether only the present value is shown, large."""


def dashboard(uid: str, title: str, panels: Sequence[Panel]) -> dict[str, Any]:
    """One board; it looks back three hours and is fresh every 30 seconds."""
    return {
        "uid": uid,
        "title": title,
        "tags": ["fengge"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "timezone": "browser",
        "time": {"from": "now-3h", "to": "now"},
        "links": [{"type": "dashboards", "tags": ["fengge"], "asDropdown": False, "title": "蜂格 Fengge"}],
        "panels": list(_laid_out(panels)),
    }


def _laid_out(panels: Sequence[Panel]) -> Iterator[dict[str, Any]]:
    for index, panel in enumerate(panels):
        row, column = divmod(index, 24 // WIDTH)
        place = {"x": column * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT}
        yield {
            "id": index + 1,
            "title": panel.title,
            "type": "stat" if panel.now else "timeseries",
            "datasource": SOURCE,
            "gridPos": place,
            "targets": [_target(number, *ask) for number, ask in enumerate(panel.asks)],
            "fieldConfig": {"defaults": _field(panel), "overrides": []},
            "options": _options(panel),
        }


def _target(number: int, legend: str, expression: str) -> dict[str, Any]:
    return {
        "refId": chr(ord("A") + number),
        "datasource": SOURCE,
        "expr": expression,
        "legendFormat": legend,
    }


def _field(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.bad is not None:
        steps.append({"color": "red", "value": panel.bad})
    return {"unit": panel.unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}}


def _options(panel: Panel) -> dict[str, Any]:
    if panel.now:
        return {"reduceOptions": {"calcs": ["lastNotNull"]}, "textMode": "value_and_name"}
    return {"legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"]}}


FACTS = 'messaging_destination_name!~"gov[.](inbound|outside)"'
"""Events of our own services; what comes from outside has a time of its sender's."""


def quantile(share: str, figure: str, selector: str) -> str:
    """What so large a share of the values does not exceed, by service."""
    return f"histogram_quantile({share}, sum by (service, le) (rate({figure}_bucket{{{selector}}}[5m])))"
