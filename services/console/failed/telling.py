"""What a decision would do, and how far it is, in the words of those who decide; Chinese, then English."""

from collections.abc import Iterator

from services.console.failed.domain import Plan, Progress
from services.console.words import LANGUAGES, party

Pair = tuple[str, str]
KINDS: dict[str, Pair] = {
    "retry": ("重试", "retry"),
    "archive": ("归档", "archive"),
    "restore": ("恢复", "restore"),
    "recall": ("收回", "take back"),
}
STATES: dict[str, Pair] = {
    "running": ("进行中", "running"),
    "stopped": ("已停止", "stopped"),
    "done": ("已完成", "done"),
    "open": ("待处理", "open"),
    "retried": ("已重试", "retried"),
    "archived": ("已归档", "archived"),
}
MEANS: dict[str, tuple[Pair, ...]] = {
    "retry": (
        (
            "服务将按顺序重新处理这些事件，其后等待的事件随之继续。",
            "The service tries these events again, in order, and what waits behind them follows.",
        ),
        ("再次失败的会重新搁置，不会丢失。", "What fails again is parked again; nothing is lost."),
    ),
    "archive": (
        (
            "这些事件不再生效，工单从其后的事件继续。",
            "These events take no effect; their tickets go on with the next one.",
        ),
        (
            "只要工单尚未继续，归档的事件可以恢复原位。",
            "As long as a ticket has not gone on, its event can be opened again in its place.",
        ),
    ),
    "restore": (
        (
            "这些记录重新打开并回到原来的位置，其后的事件再次等待，直到有人决定。",
            "These records are open again in their places; what comes behind waits until somebody decides.",
        ),
    ),
    "recall": (
        (
            "尚未被服务重新处理的事件退回搁置，与重试之前相同。",
            "What the service has not tried yet is parked again, as before the retry.",
        ),
    ),
}
NOT_ABLE: dict[str, Pair] = {
    "restore": (
        "条不能恢复：工单已处理其后的事件，现在生效会颠倒顺序（或正文已删除）；请更正工单本身。",
        "cannot be opened: their tickets have gone on, or their bodies are erased; correct the tickets.",
    ),
    "recall": ("条已被服务处理，保持不变。", "have been tried meanwhile and stay as they are."),
}
TROUBLES: dict[str, Pair] = {
    "in vain": (
        "重试的记录大多再次失败，任务已自动停止：请先排除原因，再继续",
        "most of what was tried came back, so it has stopped by itself: mend the cause, then go on",
    ),
}


def plan_lines(plan: Plan) -> Iterator[Pair]:
    """The dry run, sentence by sentence."""
    if not plan.records:
        yield "没有符合的记录，不会有任何变化。", "No record fits; nothing would happen."
        return
    zh, en = KINDS[plan.kind]
    yield (
        f"试算（未作改变）：{zh} {plan.records} 条，涉及工单 {plan.tickets} 件，其中紧急 {plan.urgent} 件。",
        f"Dry run: {en} {plan.records} records of {plan.tickets} tickets ({plan.urgent} urgent).",
    )
    yield from MEANS[plan.kind]
    yield from _of_each_type(plan)
    if plan.able < plan.records and plan.kind in NOT_ABLE:
        zh, en = NOT_ABLE[plan.kind]
        yield f"{plan.records - plan.able} {zh}", f"{plan.records - plan.able} {en}"
    if plan.some:
        more = "…" if plan.tickets > len(plan.some) else ""
        yield f"工单：{'、'.join(plan.some)}{more}", f"tickets: {', '.join(plan.some)}{more}"
    zh, en = lasting(plan.seconds)
    yield f"按每秒 {plan.rate:g} 条，约需 {zh}。", f"At {plan.rate:g} a second it takes about {en}."


def _of_each_type(plan: Plan) -> Iterator[Pair]:
    for each in plan.shares:
        zh, en = (f"{party(each.service, language)} {each.type or '—'}" for language in LANGUAGES)
        yield (
            f"{zh}：{each.records} 条，工单 {each.tickets} 件，其后等待 {each.holds_back} 条",
            f"{en}: {each.records} records, {each.tickets} tickets, {each.holds_back} events behind them",
        )


def progress_line(found: Progress) -> Pair:
    """How far a job is, in one line."""
    kind, state = KINDS[found.kind], STATES[found.state]
    zh = f"任务 {found.id} {kind[0]} {state[0]}：{found.done}/{found.total}（{found.percent}%）"
    en = f"job {found.id} {kind[1]} {state[1]}: {found.done}/{found.total} ({found.percent} %)"
    for more_zh, more_en in _more(found):
        zh, en = f"{zh}，{more_zh}", f"{en}, {more_en}"
    return zh, en


def _more(found: Progress) -> Iterator[Pair]:
    if found.left_as_is:
        yield f"未变 {found.left_as_is}", f"{found.left_as_is} left as they were"
    if found.came_back:
        yield f"再次搁置 {found.came_back}", f"{found.came_back} parked anew"
    if found.seconds_left:
        zh, en = lasting(found.seconds_left)
        yield f"还需 {zh}", f"{en} left"
    if found.trouble:
        yield trouble(found.trouble)


def trouble(name: str) -> Pair:
    """What keeps a job."""
    return TROUBLES.get(name, (f"受阻：{name}", f"held up: {name}"))


def lasting(seconds: float) -> Pair:
    """A time in the unit that fits."""
    if seconds < 90:
        return f"{max(1, round(seconds))} 秒", f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} 分钟", f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} 小时", f"{seconds / 3600:.1f} h"
