"""The board of one service: what all of them show, and what is its own."""

from deploy.grafana.panels import FACTS, Panel, quantile

CONSUMED = "messaging_client_consumed_messages"
SENT = "messaging_client_sent_messages"
CONFIRMED = "messaging_client_operation_duration_seconds"

OWN = {
    "ticket": [
        Panel("工作日历剩余 · Calendar ahead", [("天 days", "min(fengge_calendar_days_ahead)")], unit="d"),
        Panel("封存落后 · Seal behind", [("", "max(fengge_seal_lag_seconds)")], unit="s", bad=60),
        Panel("未封存的身份 · Vault rows in clear", [("", "max(fengge_vault_clear)")], bad=1),
        Panel(
            "无人接手 · In nobody's hands",
            [
                ("{{ticket_severity}}", "max by (ticket_severity) (fengge_tickets_unassigned)"),
            ],
        ),
    ],
    "dispatch": [Panel("值班空缺 · Gaps in the rotas", [("", "max(fengge_rota_gaps_ahead)")], bad=1)],
    "notification": [
        Panel("渠道不通 · Channels down", [("", "max(fengge_notification_channels_down)")], bad=1),
        Panel("告警 · Alarms", [("", "max(fengge_notification_alarms)")], bad=1),
    ],
    "evaluation": [
        Panel(
            "暂停的验证码来源 · Publishers shut for wrong codes",
            [("", "max(fengge_evaluation_guessers_shut)")],
            bad=1,
        ),
    ],
    "gateway": [],
}


def board_of(service: str) -> list[Panel]:
    """What every service shows, and its own."""
    own = f'service="{service}"'
    return [*_events(own), *_messages(own), *_backlog(own), *_clocks(own), *OWN[service]]


def _rate(own: str) -> str:
    return f"rate({{}}_total{{{{{own}}}}}[1m])"


def _events(own: str) -> list[Panel]:
    """What became of events, and how soon."""
    rate = _rate(own)
    fates = ("accepted", "resumed", "effected", "repeated", "parked", "waiting")
    return [
        Panel(
            "事件去向 · What became of events",
            [(fate, f"sum({rate.format(f'fengge_events_{fate}')})") for fate in fates],
            unit="cps",
        ),
        Panel(
            "从发生到生效 · From event to effect",
            [
                (f"p{share}", quantile(f"0.{share}", "fengge_critical_time_seconds", f"{own}, {FACTS}"))
                for share in (50, 95, 99)
            ],
            unit="s",
        ),
        Panel(
            "每批用时 · Time a batch takes",
            [
                (f"p{share}", quantile(f"0.{share}", "messaging_process_duration_seconds", own))
                for share in (50, 95, 99)
            ],
            unit="s",
        ),
    ]


def _messages(own: str) -> list[Panel]:
    """What goes to and fro at the broker."""
    rate = _rate(own)
    return [
        Panel(
            "收到的消息 · Messages delivered",
            [
                (
                    "{{messaging_destination_name}}",
                    f"sum by (messaging_destination_name) ({rate.format(CONSUMED)})",
                )
            ],
            unit="cps",
        ),
        Panel(
            "发出的消息 · Messages sent",
            [
                (
                    "{{messaging_destination_name}} {{error_type}}",
                    f"sum by (messaging_destination_name, error_type) ({rate.format(SENT)})",
                )
            ],
            unit="cps",
        ),
        Panel(
            "等待确认 · Time until confirmed",
            [(f"p{share}", quantile(f"0.{share}", CONFIRMED, own)) for share in (50, 99)],
            unit="s",
        ),
    ]


def _backlog(own: str) -> list[Panel]:
    """What lies in the ledger."""
    return [
        Panel(
            "发件箱 · Outbox",
            [
                ("条 messages", f"max(fengge_outbox_unsent{{{own}}})"),
                ("最久 oldest s", f"max(fengge_outbox_oldest_seconds{{{own}}})"),
            ],
        ),
        Panel(
            "等待 · Waiting",
            [
                ("等待 waiting", f"max(fengge_waiting{{{own}}})"),
                ("重试 tries", f"max(fengge_retries_scheduled{{{own}}})"),
                ("到期 due", f"max(fengge_retries_due{{{own}}})"),
                ("缺口 gaps", f"max(fengge_sequence_gaps{{{own}}})"),
            ],
        ),
        Panel(
            "搁置 · Parked",
            [("{{reason}}", f"max by (reason) (fengge_parked_records{{{own}}})")],
            bad=1,
        ),
        Panel(
            "搁置最久 · Parked longest",
            [("{{reason}}", f"max by (reason) (fengge_parked_oldest_seconds{{{own}}})")],
            unit="s",
        ),
    ]


def _clocks(own: str) -> list[Panel]:
    """Whether its lines stand and its clocks go."""
    return [
        Panel(
            "断线 · Lines", [("{{process}} {{line}}", f"min by (process, line) (fengge_line_up{{{own}}})")]
        ),
        Panel("分片 · Shards read", [("{{process}}", f"sum by (process) (fengge_shard_read{{{own}}})")]),
        Panel(
            "逾期 · Deadlines late",
            [("{{clock}}", f"max by (clock) (fengge_deadlines_overdue_seconds{{{own}}})")],
            unit="s",
            bad=60,
        ),
        Panel(
            "到期未处理 · Deadlines due", [("{{clock}}", f"max by (clock) (fengge_deadlines_due{{{own}}})")]
        ),
        Panel(
            "定时任务失败 · Clocks that fail",
            [("{{timer}}", f"sum by (timer) (increase(fengge_timer_failures_total{{{own}}}[5m])) > 0")],
            bad=0,
        ),
    ]
