"""What the facts of a ticket's life are called, in both languages; one without a name keeps its own."""

import re
from collections.abc import Mapping

from services.console.words import Pair

CHINESE: Mapping[str, str] = {
    "TicketReceived": "接收诉求", "PlaceUnknown": "地点不明", "CategoryCorrected": "更正事项",
    "TicketAccepted": "受理", "TicketDeclined": "不予受理", "DeclineObjected": "对不予受理提出异议",
    "TicketTransferred": "转紧急热线", "EmergencyHandedOver": "紧急情况已移交", "TicketCancelled": "撤销",
    "DeadlineSet": "设定期限", "DeadlineExtended": "延长期限", "ExtensionRequested": "申请延期",
    "ExtensionRefused": "不同意延期", "InfoRequested": "要求补充信息", "InfoProvided": "补充信息",
    "SuspensionRequested": "申请挂起", "TicketSuspended": "挂起", "SuspensionRefused": "不同意挂起",
    "TicketResumed": "恢复办理", "SeverityChanged": "调整级别", "TicketCommented": "备注",
    "TicketReminded": "催办", "TicketSupervised": "督办", "TicketEscalated": "升级",
    "TicketDueSoon": "即将到期", "TicketOverdue": "超期", "TicketHandled": "办结",
    "TicketVerified": "核查通过", "ReworkRequested": "要求重办",
    "TicketReopened": "重新打开", "ReopeningRefused": "不同意重开", "FinalAnswerProposed": "拟作最终答复",
    "FinalAnswerGiven": "最终答复", "TicketClosed": "结案", "DuplicateSuspected": "疑似重复",
    "TicketMerged": "并单", "TicketUnmerged": "解除并单", "FollowerJoined": "有工单并入",
    "FollowerLeft": "有工单解除并入", "ChildOpened": "拆出子工单", "ChildMoved": "子工单有进展",
    "ChildReleased": "子工单脱离", "ChildWaived": "不再等待子工单", "OutcomeKept": "保留结果",
    "ParentEnded": "上级工单结束",
    "StandingOrderOpened": "建立长期约定", "StandingOrderChanged": "变更长期约定",
    "StandingOrderPaused": "暂停长期约定", "StandingOrderResumed": "恢复长期约定",
    "StandingOrderEnded": "结束长期约定", "VisitDue": "上门时间到", "VisitConfirmed": "上门已确认",
    "VisitMissed": "上门未完成", "VisitSkipped": "跳过上门", "SensorAlarmRaised": "设备报警",
    "SensorAlarmCleared": "设备报警解除", "SensorWentOffline": "设备离线", "AlarmRepeated": "重复报警",
    "DispatchStarted": "开始派单", "DispatchBlocked": "派单受阻", "DispatchAlarmed": "派单告警",
    "OfferMade": "派单", "OfferExpired": "派单超时", "ClaimOpened": "开放认领", "AssignmentAccepted": "接单",
    "AssignmentReopened": "重新承办", "AssignmentReturned": "退单", "AssignmentRevoked": "收回派单",
    "AssignmentWithdrawn": "撤回派单", "AssignmentDone": "完成办理", "FirstContactMade": "首次联系",
    "ObjectionOpened": "提出权属异议", "ObjectionRuled": "裁定归属", "ResponseHastened": "催促响应",
    "DepartmentCalled": "吹哨叫部门", "DepartmentArrived": "部门已到场", "DepartmentMissed": "部门未到场",
    "RotaGapForeseen": "预见值班空缺", "RatingRequested": "请诉求人评价", "RatingSubmitted": "诉求人评价",
    "RatingExpired": "评价到期未评", "RatingLocked": "评价通道锁定", "CallbackMade": "回访",
    "ExclusionRequested": "申请剔除考核", "ExclusionSeconded": "剔除已附议", "ExclusionRefused": "不同意剔除",
    "CaseExcluded": "已剔除考核", "ExclusionRevoked": "取消剔除", "NotificationSent": "通知已送达",
    "NotificationFailed": "通知未送达", "RequestSubmitted": "提交诉求", "RequestTriaged": "受理意见",
}  # fmt: skip


def words_of(name: str) -> Pair:
    """A fact's name in both languages: `OfferMade` is 派单, `Offer made`."""
    english = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return CHINESE.get(name, name), english[:1] + english[1:].lower()
