"""The board over all: who waits, why, and how the house is."""

from deploy.grafana.panels import FACTS, Panel, quantile

OVERVIEW = [
    Panel(
        "没有应答的进程 · Processes that do not answer",
        [("", "count(up == 0) or vector(0)")],
        bad=1,
        now=True,
    ),
    Panel("待人处理 · Parked", [("", "sum(max by (service) (fengge_parked_open))")], bad=1, now=True),
    Panel("去向不明 · Unaccounted for", [("", "sum(abs(fengge_events_unaccounted))")], bad=1, now=True),
    Panel(
        "无人接手的工单 · Tickets in nobody's hands",
        [("{{ticket_severity}}", "max by (ticket_severity) (fengge_tickets_unassigned)")],
    ),
    Panel(
        "其中最久 · The first of them",
        [("{{ticket_severity}}", "max by (ticket_severity) (fengge_tickets_unassigned_oldest_seconds)")],
        unit="s",
    ),
    Panel(
        "逾期未处理的时限 · Deadlines late",
        [("{{service}} {{clock}}", "max by (service, clock) (fengge_deadlines_overdue_seconds) > 0")],
        unit="s",
        bad=60,
    ),
    Panel(
        "生效的事件 · Events that took effect",
        [("{{service}}", "sum by (service) (rate(fengge_events_effected_total[1m]))")],
        unit="cps",
    ),
    Panel(
        "接收的事件 · Events accepted",
        [("{{service}}", "sum by (service) (rate(fengge_events_accepted_total[1m]))")],
        unit="cps",
    ),
    Panel(
        "从发生到生效 p99 · From event to effect, p99",
        [("{{service}}", quantile("0.99", "fengge_critical_time_seconds", FACTS))],
        unit="s",
        bad=30,
    ),
    Panel(
        "发件箱最久 · Oldest in the outboxes",
        [("{{service}}", "max by (service) (fengge_outbox_oldest_seconds)")],
        unit="s",
        bad=60,
    ),
    Panel("等待的事件 · Events that wait", [("{{service}}", "max by (service) (fengge_waiting)")]),
    Panel("次序缺口 · Gaps in the order", [("{{service}}", "max by (service) (fengge_sequence_gaps)")]),
    Panel(
        "队列积压 · Messages in the queues",
        [("{{queue}}", 'sum by (queue) (rabbitmq_detailed_queue_messages{queue=~".+[.][0-9]+"}) > 0')],
    ),
    Panel(
        "没有读者的分片 · Shards nobody reads",
        [("{{service}} {{shard}}", "max by (service, shard) (fengge_shard_read) == 0")],
        bad=0,
    ),
    Panel(
        "消息服务器 · Broker",
        [
            ("磁盘告警 disk alarm", "max(rabbitmq_alarms_free_disk_space_watermark)"),
            ("内存告警 memory alarm", "max(rabbitmq_alarms_memory_used_watermark)"),
        ],
        bad=1,
    ),
    Panel(
        "处理器 · CPU",
        [("{{process}}", 'sum by (process) (rate(process_cpu_seconds_total{job="fengge"}[1m]))')],
        unit="percentunit",
    ),
    Panel(
        "内存 · Memory",
        [("{{process}}", 'max by (process) (process_resident_memory_bytes{job="fengge"})')],
        unit="bytes",
    ),
    Panel(
        "消息服务器磁盘余量 · Disk left to the broker",
        [("", "min(rabbitmq_disk_space_available_bytes)")],
        unit="bytes",
    ),
]
