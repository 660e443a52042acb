"""`python -m deploy.grafana`: writes the dashboards; a test holds them against the code."""

import json
from pathlib import Path

from deploy.grafana.dashboards import DASHBOARDS

FOLDER = Path(__file__).parent / "dashboards"


def files() -> dict[str, str]:
    """Name and text of every dashboard's file."""
    return {
        f"{name}.json": json.dumps(dashboard, indent=1, ensure_ascii=False) + "\n"
        for name, dashboard in DASHBOARDS.items()
    }


if __name__ == "__main__":
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
