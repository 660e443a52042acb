"""The words of the record of actions."""

from collections.abc import Mapping

from services.console.words import Pair

WORDS: Mapping[str, Pair] = {
    "title": ("审计", "Audit"),
    "lead": (
        "每一次登录、操作、拒绝以及查看个人信息，都只增不改地记录在此。",
        "Every sign-in, action, refusal and look at masked data is here, and none of it can be changed.",
    ),
    "at": ("时间", "Time"),
    "who": ("账号", "Account"),
    "role": ("角色", "Role"),
    "what": ("操作", "What"),
    "target": ("对象", "On what"),
    "outcome": ("结果", "Outcome"),
    "reason": ("理由", "Reason"),
    "change": ("变化", "Change"),
    "address": ("地址", "Address"),
    "filter": ("筛选", "Filter"),
    "any": ("全部", "any"),
    "nothing": ("没有符合条件的记录。", "Nothing on record fits."),
    "older": ("更早的记录", "Older"),
}
OUTCOMES: Mapping[str, Pair] = {
    "done": ("完成", "done"),
    "refused": ("拒绝", "refused"),
    "looked": ("查看", "looked"),
    "failed": ("失败", "failed"),
}
