"""The words of the page *Failed*."""

from collections.abc import Mapping

from services.console.words import Pair

WORDS: Mapping[str, Pair] = {
    "title": ("搁置", "Failed"),
    "lead": (
        "未能生效的消息按服务、类型和原因分组。排除原因后重试即可，不会丢失，也不会重复。",
        "Messages that took no effect, by cause. Mend it, then try them again: none is lost or doubled.",
    ),
    "nothing": ("没有需要处理的搁置消息。", "Nothing needs a decision."),
    "group": ("分组", "Group"),
    "service": ("服务", "Service"),
    "type": ("类型", "Type"),
    "cause": ("原因", "Cause"),
    "records": ("条数", "Records"),
    "record": ("记录", "Record"),
    "tickets": ("工单", "Tickets"),
    "ticket": ("工单", "Ticket"),
    "urgent": ("紧急", "urgent"),
    "severity": ("紧急程度", "Severity"),
    "holds_back": ("其后等待", "Held back"),
    "oldest": ("最早", "Oldest"),
    "parked_at": ("搁置时间", "Parked at"),
    "state": ("状态", "State"),
    "detail": ("详情", "Detail"),
    "attempt": ("已尝试次数", "Tries"),
    "publisher": ("发送方", "Sent by"),
    "sequence": ("顺序号", "Sequence"),
    "rate": ("每秒条数", "Records a second"),
    "decide": ("处理", "Decide"),
    "dry_run": ("试算", "Dry run"),
    "what_happens": ("将会发生什么", "What would happen"),
    "see_first": (
        "先试算：不会改变任何内容，只显示将会发生什么。",
        "First a dry run: it changes nothing, and shows what would happen.",
    ),
    "retry_group": ("试算：重试本组", "Dry run: retry this group"),
    "archive_group": ("试算：归档本组", "Dry run: archive this group"),
    "retry_all": ("试算：重试全部", "Dry run: retry all"),
    "all": ("全部", "All"),
    "do_retry": ("确认重试", "Retry them"),
    "do_archive": ("确认归档", "Archive them"),
    "do_restore": ("确认恢复", "Open them again"),
    "do_recall": ("确认收回", "Take them back"),
    "retry": ("重试这一条", "Retry this one"),
    "archive": ("归档这一条", "Archive this one"),
    "restore": ("恢复这一条", "Open it again"),
    "recall": ("收回这一条", "Take it back"),
    "masked": ("正文（已遮蔽个人信息）", "Body, without what names a person"),
    "body": ("正文", "Body"),
    "look": ("查看原文", "See the original"),
    "purpose": ("查看目的（将记入审计）", "Purpose (it goes on record)"),
    "edit": ("修改后重试", "Edit and retry"),
    "edit_lead": (
        "修改后的正文须通过与外来消息相同的校验；来源、编号、工单和顺序号不能改变。原文永久保留。",
        "It has to pass the gate like any message; source, id, ticket, sequence stay; the original is kept.",
    ),
    "check": ("核对修改", "Check"),
    "do_edit": ("确认修改并重试", "Retry with this body"),
    "refused": ("未通过校验", "It does not pass the gate"),
    "difference": ("修改前后对照", "What changes"),
    "member": ("成员", "Member"),
    "before": ("修改前", "Before"),
    "after": ("修改后", "After"),
    "no_difference": ("内容没有变化。", "Nothing changes."),
    "taken": (
        "这个编号的消息已经收到过：重试时将作为重复丢弃，不会生效。",
        "A message with this id was taken before: it would be dropped as a repeat and take no effect.",
    ),
    "history": ("处理记录", "History"),
    "when": ("时间", "When"),
    "who": ("操作人", "Who"),
    "what": ("操作", "What"),
    "reason": ("理由", "Reason"),
    "no_history": ("尚无处理记录。", "Nothing has been done yet."),
    "jobs": ("批量任务", "Jobs"),
    "job": ("任务", "Job"),
    "progress": ("进度", "Progress"),
    "stop": ("停止", "Stop"),
    "go_on": ("继续", "Go on"),
    "undo": ("撤销", "Undo"),
    "undo_lead": (
        "停止任务，并收回尚未产生后果的部分。",
        "Stops it, and takes back that from which nothing has followed yet.",
    ),
    "no_jobs": ("还没有批量任务。", "There are no jobs."),
    "decided": ("已处理的记录", "Decided records"),
    "see_archived": ("已归档的记录", "Archived records"),
    "older": ("更早的记录", "Older"),
    "you_may_not": ("您只能查看。", "You may look only."),
}
DEEDS: Mapping[str, Pair] = {
    "shown": ("查看原文", "original seen"),
    "retried": ("重试", "retried"),
    "archived": ("归档", "archived"),
    "restored": ("恢复", "opened again"),
    "recalled": ("收回", "taken back"),
    "edited": ("修改后重试", "edited, retried"),
    "body erased": ("正文已删除", "body erased"),
}
SEVERITIES: Mapping[str, Pair] = {
    "emergency": ("特急", "emergency"),
    "urgent": ("紧急", "urgent"),
    "general": ("一般", "general"),
}
GONE: Pair = ("这个分组已经没有待处理的记录。", "Nothing of this group is open any more.")
NO_RECORD: Pair = ("没有这条记录。", "There is no such record.")
NO_JOB: Pair = ("没有这个任务，或其状态已经变化。", "There is no such job, or it has changed meanwhile.")
NO_RATE: Pair = ("每秒条数须在 0.1 至 2000 之间。", "Records a second: from 0.1 to 2000.")
UNKNOWN: Pair = ("没有这样的操作。", "There is no such thing to do.")
