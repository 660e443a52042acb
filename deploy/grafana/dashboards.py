"""The boards: one over all, one for each service and the gateway."""

from typing import Any

from contracts.registry import LEDGERS
from deploy.grafana.overview import OVERVIEW
from deploy.grafana.panels import dashboard
from deploy.grafana.service_board import board_of

NAMES = {
    "ticket": "工单 Ticket",
    "dispatch": "派单 Dispatch",
    "notification": "通知 Notification",
    "evaluation": "评价 Evaluation",
    "gateway": "网关 Gateway",
}

DASHBOARDS: dict[str, dict[str, Any]] = {
    "overview": dashboard("fengge", "蜂格总览 Fengge overview", OVERVIEW),
    **{name: dashboard(f"fengge-{name}", f"蜂格 · {NAMES[name]}", board_of(name)) for name in LEDGERS},
}
