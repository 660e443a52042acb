"""What the members of facts, and the codes in them, are called; what has no name here keeps its own."""

from collections.abc import Mapping

from services.console.words import Pair

FIELDS: Mapping[str, str] = {
    "about": "关于", "alike": "相似度", "answer_code": "答复代码", "arrive_by": "到场期限",
    "asked": "被询问者", "asked_by": "申请人", "assignee": "承办人", "assignee_kind": "承办类别",
    "at": "时间", "attempt": "尝试次数", "audience": "通知对象", "basis_code": "依据代码",
    "before": "原级别", "by": "经办人", "candidates": "候选", "catalogue": "清单",
    "catalogue_version": "清单版本", "category": "事项", "cause": "起因", "cell": "网格", "channel": "渠道",
    "child": "子工单", "client": "接入系统", "code": "代码", "confidence": "把握", "confirm_by": "确认期限",
    "contact_due_at": "联系期限", "contract": "协议", "count": "次数", "detail": "详情", "device": "设备",
    "due_at": "截止时间", "ends_at": "结束时间", "error": "错误", "expires_at": "有效至",
    "fence": "清单核对", "final": "最终", "follower": "并入工单", "former": "原承办人", "grid": "网格",
    "grid_by": "定位方式", "ground": "理由类别", "hop": "第几次派单", "in_time": "按时", "internal": "内部",
    "kind": "类别", "language": "语言", "left": "剩余", "level": "层级", "line": "热线",
    "mandatory": "必办", "missing": "缺少", "mode": "方式", "model": "模型", "next_at": "下次时间",
    "number": "次数", "on_time": "按期", "order": "长期约定", "outcome": "结果", "owner": "承办人",
    "parent": "上级工单", "paused_at": "暂停时间", "plan": "计划", "policy": "依据",
    "policy_version": "依据版本", "primary": "主工单", "problem": "问题", "proposed_by": "提议人",
    "proposed_unit": "建议单位", "quota": "额度", "raised_at": "报警时间", "rated": "已评价",
    "reachable_by": "联系方式", "reacted": "已响应", "reason": "原因", "reason_code": "原因代码",
    "reference": "编号", "repeat": "第几次", "repeated": "重复", "resolved": "是否解决",
    "review_at": "复查时间", "reworks": "重办次数", "round": "轮次", "satisfaction": "满意度",
    "seconded_by": "附议人", "severity": "级别", "since": "起算", "span": "时长", "starts_at": "开始时间",
    "state": "状态", "statutory_path": "法定途径", "template": "模板", "ticket": "工单", "unit": "单位",
    "unresolved_reason": "未解决原因", "until": "截止", "visit_at": "上门时间", "waits_for": "等待",
    "way": "途径", "welfare_check": "上门探视", "whistle": "吹哨", "window_ends_at": "评价截止",
}  # fmt: skip
CODES: Mapping[str, Pair] = {
    "grid_officer": ("网格员", "grid officer"), "party_member": ("党员", "Party member"),
    "social_organization": ("社会组织", "social organisation"),
    "property_company": ("物业企业", "property company"), "department": ("部门", "department"),
    "volunteer_team": ("志愿队", "volunteers"), "rota": ("值班", "rota"),
    "community_desk": ("社区工作台", "community desk"), "hotline_12345": ("12345 热线", "12345 hotline"),
    "resident": ("居民", "resident"), "sensor": ("设备", "sensor"), "system": ("系统", "system"),
    "yes": ("是", "yes"), "no": ("否", "no"), "partly": ("部分", "partly"),
    "very_satisfied": ("非常满意", "very satisfied"), "satisfied": ("满意", "satisfied"),
    "basically_satisfied": ("基本满意", "basically satisfied"), "dissatisfied": ("不满意", "dissatisfied"),
    "very_dissatisfied": ("非常不满意", "very dissatisfied"), "general": ("一般", "general"),
    "urgent": ("加急", "urgent"), "emergency": ("紧急", "emergency"), "triage": ("受理", "triage"),
    "handling": ("办理", "handling"), "rework": ("重办", "rework"),
    "verification": ("核查", "verification"), "information": ("补充信息", "information"),
    "review": ("复查", "review"), "objection": ("异议审定", "objection"),
    "requester": ("诉求人", "requester"), "follower": ("关注人", "follower"),
    "assignee": ("承办人", "assignee"), "supervisor": ("主管", "supervisor"),
    "operator": ("操作员", "operator"), "direct": ("直派", "direct"), "sequential": ("逐个", "sequential"),
    "claim": ("认领", "claim"), "console": ("系统内消息", "console"), "smtp": ("邮件", "mail"),
    "sms": ("短信", "text message"), "app": ("应用", "app"), "callback": ("回访", "call-back"),
    "unknown_category": ("事项不明", "unknown category"), "unknown_grid": ("网格不明", "unknown cell"),
    "no_candidate": ("没有可派的人", "nobody can be asked"), "no_desk": ("没有工作台", "there is no desk"),
    "not_our_area": ("不在本区域", "not our area"), "not_our_duty": ("不是本职责", "not our duty"),
    "duplicate": ("重复", "duplicate"), "insufficient_info": ("信息不足", "too little is known"),
    "unsafe": ("不安全", "unsafe"), "capacity": ("人手不足", "no capacity"),
    "conflict_of_interest": ("利益冲突", "conflict of interest"),
    "outside_contract": ("不在协议内", "outside the contract"), "community": ("社区", "community"),
    "subdistrict": ("街道", "subdistrict"), "district": ("区", "district"),
    "building": ("楼栋", "building"), "compound": ("小区", "compound"), "code": ("编码", "code"),
    "address": ("地址", "address"), "coordinates": ("坐标", "coordinates"),
    "no_address": ("没有联系方式", "no address is known"),
}  # fmt: skip


def field(name: str) -> Pair:
    """A member's name in both languages."""
    return FIELDS.get(name, name), name.replace("_", " ")
