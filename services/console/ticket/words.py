"""The words of the page *Ticket*."""

from collections.abc import Mapping

from services.console.words import Pair

WORDS: Mapping[str, Pair] = {
    "title": ("工单", "Ticket"),
    "lead": (
        "输入工单号、来电系统编号或网格编码，查看工单在各服务中的全部过程。",
        "By ticket number, the number of another system, or a grid cell: the whole life across all services.",
    ),
    "query": ("工单号、外部编号或网格编码", "Ticket number, external number or grid cell"),
    "find": ("查找", "Find"),
    "by_phone": ("按电话查找", "Find by telephone number"),
    "phone": ("诉求人电话", "Telephone number of the requester"),
    "purpose": ("查找理由（记入审计和揭示记录）", "What for (goes on record here and in the vault)"),
    "nothing": ("没有找到工单。", "No ticket was found."),
    "found": ("查找结果", "Found"),
    "number": ("工单号", "Number"),
    "state": ("状态", "State"),
    "severity": ("级别", "Severity"),
    "category": ("事项", "Category"),
    "grid": ("网格", "Grid cell"),
    "channel": ("渠道", "Channel"),
    "source": ("来源系统", "Source"),
    "external_id": ("外部编号", "External number"),
    "received_at": ("接收时间", "Received"),
    "due_at": ("截止时间", "Due"),
    "closed_at": ("结案时间", "Closed"),
    "assignee": ("承办人", "Assignee"),
    "reworks": ("重办次数", "Reworks"),
    "resolved": ("是否解决", "Resolved"),
    "satisfaction": ("满意度", "Satisfaction"),
    "facts": ("基本情况", "In short"),
    "holder": ("现在由谁办理", "Who has to move next"),
    "line": ("时间线", "Line of time"),
    "at": ("时间", "Time"),
    "service": ("服务", "Service"),
    "what": ("事件", "What"),
    "said": ("内容", "Said"),
    "waits": ("卡住的消息", "What is stuck"),
    "no_waits": (
        "没有等待重试或搁置的消息，各服务均已跟上。",
        "Nothing waits for another try or is parked; every service has caught up.",
    ),
    "behind": ("尚未收到的事件", "Not taken in yet"),
    "offers": ("派单与理由", "Offers and their reasons"),
    "candidate": ("候选人", "Candidate"),
    "kind": ("类别", "Kind"),
    "score": ("得分", "Score"),
    "points": ("得分构成", "Points"),
    "excluded": ("排除", "Excluded"),
    "reason": ("原因", "Reason"),
    "place": ("匹配网格", "Place"),
    "kinds": ("类别顺序", "Order of kinds"),
    "deadlines": ("期限说明", "Why it is due when it is"),
    "policy": ("依据", "Policy"),
    "granted": ("给予", "Grants"),
    "since": ("起算", "Counted from"),
    "not_counted": ("不计入的日子", "Days not counted"),
    "changes": ("暂停与延期", "Pauses and extensions"),
    "outcome": ("结果", "Outcome"),
    "running": ("进行中", "running"),
    "late": ("超时", "late by"),
    "left": ("剩余", "left"),
    "in_time": ("提前", "early by"),
    "deliveries": ("待送达的通知", "Messages still to be delivered"),
    "audience": ("通知对象", "To"),
    "attempt": ("已尝试", "Tries"),
    "next_try": ("下次尝试", "Next try"),
    "error": ("错误", "Error"),
    "rating": ("评价", "Rating"),
    "asked_at": ("发出评价请求", "Asked"),
    "window_ends_at": ("评价截止", "Can be given until"),
    "rated_at": ("评价时间", "Rated"),
    "trace": ("追踪", "Trace"),
    "trace_id": ("追踪号", "Trace id"),
    "correlation": ("关联号", "Correlation id"),
    "no_trace": ("相关消息已不在发件箱中。", "The messages are no longer in the outbox."),
    "record": ("记录", "Record"),
    "more": ("只显示最近 {n} 条。", "Only the latest {n} are shown."),
    "together": ("关联工单", "Related tickets"),
    "follows": ("并入", "follows"),
    "followed_by": ("被并入", "is followed by"),
    "part_of": ("属于", "is part of"),
    "child": ("子工单", "has the part"),
    "open_only": ("含已结束", "ended ones too"),
}
STATES: Mapping[str, Pair] = {
    "received": ("已接收", "received"),
    "accepted": ("已受理", "accepted"),
    "dispatching": ("派单中", "dispatching"),
    "assigned": ("已接单", "assigned"),
    "in_progress": ("办理中", "in progress"),
    "handled": ("已办结", "handled"),
    "awaiting_rating": ("待评价", "awaiting rating"),
    "closed": ("已结案", "closed"),
    "declined": ("不予受理", "declined"),
    "pending_info": ("待补充", "pending information"),
    "suspended": ("已挂起", "suspended"),
    "transferred": ("已转紧急热线", "transferred"),
    "cancelled": ("已撤销", "cancelled"),
    "merged": ("已并单", "merged"),
}
SEVERITIES: Mapping[str, Pair] = {
    "emergency": ("紧急", "emergency"),
    "urgent": ("加急", "urgent"),
    "general": ("一般", "general"),
}
CLOCKS: Mapping[str, Pair] = {
    "triage": ("受理", "triage"),
    "handling": ("办理", "handling"),
    "rework": ("重办", "rework"),
    "verification": ("核查", "verification"),
    "objection": ("异议审定", "objection"),
}
STUCK: Mapping[str, Pair] = {
    "gap": ("等待前一事件", "waits for the event before it"),
    "retry": ("等待重试", "waits for another try"),
    "parked": ("已搁置，需人工处理", "parked: a person has to decide"),
    "behind": ("在途或未处理", "under way, or not taken in"),
}
RATINGS: Mapping[str, Pair] = {
    "asked": ("等待诉求人评价", "the requester has been asked"),
    "rated": ("已评价", "rated"),
    "unrated": ("到期未评价", "not rated in time"),
    "closed": ("已结束", "ended"),
}
HOLDERS: Mapping[str, Pair] = {
    "received": ("社区工作台（受理）", "the community desk, which triages it"),
    "accepted": ("派单服务（寻找承办人）", "dispatch, which looks for who does it"),
    "dispatching": ("派单服务（寻找承办人）", "dispatch, which looks for who does it"),
    "pending_info": ("诉求人（补充信息）", "the requester, who is asked for what is missing"),
    "handled": ("核查人", "the verifier"),
    "awaiting_rating": ("诉求人（评价）", "the requester, who is asked for a rating"),
}
NOBODY: Pair = ("无：已结束", "nobody: it has ended")
ADJUDICATOR: Pair = ("裁定人（确定责任归属）", "the adjudicator, who rules whose it is")
ON_OFFER: Mapping[str, Pair] = {
    "ClaimOpened": ("可在此前认领：", "which can be done until"),
    "AssignmentRevoked": ("已被撤回；原有效至", "which was taken back; it would have stood until"),
    "OfferMade": ("有效至", "which stands until"),
    "OfferExpired": ("已过期于", "which expired at"),
    "AssignmentReturned": ("已被退回；原有效至", "which was returned; it would have stood until"),
    "ObjectionOpened": ("有异议", "which is disputed"),
}
DOUBTS: Mapping[str, Pair] = {
    "not_listed": ("目录中没有匹配的地名", "the directory lists no name in its address"),
    "ambiguous": ("对应多个网格", "it may be several places"),
    "too_wide": ("只到区或街道", "it names no more than a district or a subdistrict"),
    "outside": ("坐标不在任何网格内", "its coordinates lie in no cell"),
    "datum": ("须注明坐标系", "it depends on the datum of its coordinates"),
}
NO_PHONE: Pair = ("请输入电话号码。", "Give a telephone number.")
AWAY: Pair = (
    "工单服务暂时无法回答，电话查找不可用。",
    "The ticket service does not answer now; nobody else can look for a telephone number.",
)
