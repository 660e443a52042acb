"""What is said of what was found, as pairs of Chinese and English."""

from collections.abc import Mapping

Pair = tuple[str, str]

CAUSES: Mapping[str, Pair] = {
    "service_down": (
        "{service}已 {age}{said}，{count} 条消息在排队",
        "{service} {said} for {age}; {count} messages are queued",
    ),
    "restart_waits": (
        "{who} 于 {age}前要求重启{service}（{said}），还没有人执行",
        "{who} asked {age} ago to restart {service} ({said}); nobody has done it yet",
    ),
    "no_consumer": ("{service}{shards}已 {age}没有消费者", "{service}{shards} has had no consumer for {age}"),
    "queue_gone": (
        "{service}{shards}的队列已 {age}不存在",
        "the queue of {service}{shards} has been gone for {age}",
    ),
    "stuck": (
        "{service}{shards}已 {age}没有前进，{count} 条消息在排队",
        "{service}{shards} has not moved for {age}; {count} messages are queued",
    ),
    "lost": (
        "{about}发给{service}{shards}的消息已 {age}没有送到（绑定缺失或队列被删）",
        "what {about} sends does not reach {service}{shards}, for {age} (a binding or queue was lost)",
    ),
    "unsent": (
        "{service}有 {count} 条消息已 {age}发不出去",
        "{count} messages of {service} have not got out for {age}",
    ),
    "parked": (
        "{service}搁置了 {count} 条 {about}（{said}），已 {age}",
        "{service} has parked {count} {about} ({said}), the first {age} ago",
    ),
    "blocked": (
        "网格 {about} 的工单派不出去（{said}），已 {age}",
        "tickets of grid {about} cannot be dispatched ({said}), for {age}",
    ),
    "overdue": (
        "{service}有 {count} 条消息该重试而未重试，已 {age}",
        "{service} is {age} late with retrying {count} messages",
    ),
    "gap": (
        "{service}有 {count} 条消息在等前一条，已 {age}",
        "{count} messages of {service} have waited {age} for one before them",
    ),
    "paused": (
        "{who} 于 {age}前暂停了{service}{shards}（{said}）",
        "{who} paused {service}{shards} {age} ago ({said})",
    ),
    "drained": ("{who} 于 {age}前停下了{service}（{said}）", "{who} drained {service} {age} ago ({said})"),
    "channel_paused": (
        "{who} 于 {age}前暂停了通知渠道 {about}（{said}）",
        "{who} paused the channel {about} {age} ago ({said})",
    ),
    "channel_down": ("通知渠道 {about} 已 {age}不通", "the channel {about} has been down for {age}"),
    "broker_away": (
        "消息中间件已 {age}连不上，新诉求仍受理并留存",
        "the broker has not answered for {age}; requests are still taken in and kept",
    ),
    "broker_alarm": (
        "消息中间件已 {age}不收消息：{said}",
        "the broker has taken no message for {age}: {said}",
    ),
    "database_away": ("数据库已 {age}连不上", "the database has not answered for {age}"),
    "connections_full": ("数据库连接将满（{count}）", "the database is running out of connections ({count})"),
    "locked": ("数据库里有人等锁已 {age}", "somebody has waited {age} for a lock in the database"),
}


REMEDIES: Mapping[str, Pair] = {
    "service_down": (
        "重启{service}；日志说明原因",
        "Restart {service}; its log says why",
    ),
    "restart_waits": (
        "这里没有看守进程的程序：在主机上执行 docker compose restart {name}",
        "Nothing watches over processes here: run docker compose restart {name} on the host",
    ),
    "no_consumer": ("重启{service}，或多开一个进程", "Restart {service}, or start one more process of it"),
    "queue_gone": ("修复拓扑并补发", "Repair the topology and send again"),
    "stuck": (
        "看{service}日志；必要时多开进程",
        "See the log of {service}; start more processes if it is slow",
    ),
    "lost": ("修复拓扑并补发", "Repair the topology and send again"),
    "unsent": (
        "修复拓扑；不行就重启{service}",
        "Repair the topology; if that does not help restart {service}",
    ),
    "parked": ("查明原因后重试", "See why, then retry"),
    "blocked": (
        "由社区坐席指派，改网格归属，或补全名录",
        "Let the desk assign them, put the grid where it belongs, or complete the directory",
    ),
    "overdue": ("重启{service}", "Restart {service}"),
    "gap": ("对账：fengge audit", "Set the ledgers against each other: fengge audit"),
    "paused": ("不需要时恢复", "Resume it when it is no longer needed"),
    "drained": ("不需要时恢复", "Resume it when it is no longer needed"),
    "channel_paused": ("不需要时恢复", "Resume it when it is no longer needed"),
    "channel_down": ("查看对方网关；消息会自动改走其他渠道", "See to the gateway; messages take another way"),
    "broker_away": ("启动消息中间件", "Start the broker"),
    "broker_alarm": ("在消息中间件的机器上腾出磁盘或内存", "Make room on the broker's disk or in its memory"),
    "database_away": ("启动数据库", "Start the database"),
    "connections_full": ("找出占着连接的程序", "Find who holds the connections"),
    "locked": ("找出持锁的会话", "Find the session that holds the lock"),
}
"""What to do about it."""
RUNBOOKS: Mapping[str, str] = {
    "service_down": "alerts/ProcessDown",
    "restart_waits": "control",
    "no_consumer": "alerts/ShardUnread",
    "queue_gone": "alerts/MessagesUnroutable",
    "stuck": "alerts/CriticalTimeLong",
    "lost": "alerts/MessagesUnroutable",
    "unsent": "alerts/OutboxStuck",
    "parked": "alerts/ParkedOpen",
    "blocked": "alerts/UrgentUnassigned",
    "overdue": "alerts/WaitingOverdue",
    "gap": "alerts/SequenceGapStuck",
    "paused": "control",
    "drained": "control",
    "channel_paused": "control",
    "channel_down": "alerts/ChannelDown",
    "broker_away": "alerts/BrokerDown",
    "broker_alarm": "alerts/BrokerDiskFull",
    "database_away": "alerts/LedgerUnreadable",
    "connections_full": "alerts/LedgerUnreadable",
    "locked": "alerts/LedgerUnreadable",
}
"""The page under docs/runbooks that says more."""

REASONS: Mapping[str, Pair] = {
    "low on disk": ("磁盘不足", "low on disk"),
    "low on memory": ("内存不足", "low on memory"),
    "low on memory & disk": ("内存和磁盘不足", "low on memory and disk"),
    "not_running": ("没有在运行", "has not been running"),
    "not_reacting": ("没有反应", "has not reacted"),
    "no_candidate": ("无人可派", "nobody can be asked"),
    "no_desk": ("没有社区坐席", "there is no desk"),
    "unknown_grid": ("网格不在名录", "the grid is not in the directory"),
    "unknown_category": ("类别不在目录", "the category is not in the catalogue"),
    "failing": ("反复失败", "keeps failing"),
    "unreadable": ("无法读取", "cannot be read"),
    "data": ("内容不合约定", "breaks the contract"),
    "unknown-type": ("类型未知", "of an unknown type"),
    "envelope": ("信封不合约定", "with a broken envelope"),
    "content-type": ("内容类型不是 CloudEvents", "not sent as CloudEvents"),
    "too-large": ("太大", "too large"),
    "misrouted": ("路由键与类型不符", "with another type's routing key"),
}


def reason(said: str) -> Pair:
    """What a cause gives as its reason; what nobody foresaw stays as it is."""
    return REASONS.get(said, (said, said))


MARKS = {"alarm": "●", "warning": "▲", "note": "ℹ"}
SEVERITIES: Mapping[str, Pair] = {
    "alarm": ("告警", "alarm"),
    "warning": ("注意", "warning"),
    "note": ("提示", "note"),
}
COLUMNS: Mapping[str, Pair] = {
    "service": ("服务", "service"),
    "shards": ("分片", "shards"),
    "queued": ("排队", "queued"),
    "waiting": ("等待", "waiting"),
    "retries_due": ("待重试", "retries"),
    "parked": ("搁置", "parked"),
    "unsent": ("未发", "unsent"),
    "oldest": ("最久", "oldest"),
    "taken": ("进/分", "in/min"),
    "sent": ("出/分", "out/min"),
}
SAYINGS: Mapping[str, Pair] = {
    "well": ("没有人因为系统在等", "Nobody is waiting because of us"),
    "broker": ("消息中间件", "broker"),
    "database": ("数据库", "database"),
    "held": ("已暂停", "paused"),
    "account": (
        "{service}最近 {messages} 条消息：已接收 {taken}，在途 {under_way}，未送到 {lost}",
        "last {messages} messages to {service}: {taken} taken in, {under_way} under way, {lost} lost",
    ),
}
PAGE_WORDS: Mapping[str, Pair] = {
    **{name: SAYINGS[name] for name in ("well", "broker", "database", "held")},
    "title": ("现在", "Now"),
    "seen_at": ("观察于", "Seen at"),
    "fine": ("正常", "fine"),
    "not_fine": ("异常", "not well"),
    "replicas": ("数据库副本", "copies of the database:"),
    "reload": ("刷新", "Load again"),
    "findings": ("谁在等，为什么", "Who waits, and why"),
    "tickets": ("工单：", "Tickets:"),
    "urgent": ("紧急", "urgent"),
    "todo": ("处理：", "To do:"),
    "since": ("始于", "since"),
    "services": ("各服务与分片", "Services and shards"),
    "gone": ("不存在", "gone"),
    "unread": ("无消费者", "no consumer"),
    "conservation": ("守恒", "Conservation"),
    "conservation_lead": (
        "每个服务最近应收的消息：已接收、在途、未送到，三者之和等于总数。",
        "The newest messages to each service: taken in, under way and lost add up to all of them.",
    ),
    "messages": ("消息", "messages"),
    "taken_in": ("已接收", "taken in"),
    "under_way": ("在途", "under way"),
    "lost": ("未送到", "lost"),
    "do_resume": ("恢复…", "Resume…"),
    "do_repair": ("修复并补发…", "Repair and send again…"),
    "do_retry": ("重试…", "Retry…"),
    "do_restart": ("重启…", "Restart…"),
    "do_hang": ("改归属…", "Put it where it belongs…"),
}
