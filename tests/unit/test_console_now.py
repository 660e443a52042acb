"""What was seen is judged by pure rules and told in business words, in Chinese and English."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis.pause import Pause
from contracts.problem import TITLES
from services.console.now import domain
from services.console.now.domain import Cause
from services.console.now.finding import NOBODY, OFFERS, Affected, TicketRef, lasting, told
from services.console.now.seen import (
    Arrived,
    Blocked,
    Broker,
    Ledger,
    ParkedGroup,
    Queue,
    Restart,
    Sight,
    Store,
)
from services.console.now.watch import ranked
from services.console.now.words import CAUSES, REMEDIES, RUNBOOKS, reason

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
SHARDS = range(4)


def ago(seconds: float) -> datetime:
    """So long before."""
    return NOW - timedelta(seconds=seconds)


def queues(service: str = "dispatch", ready: int = 0, **consumers: int) -> tuple[Queue, ...]:
    """All shards of a service are read, but those said."""
    return tuple(
        Queue(service=service, shard=shard, ready=ready, consumers=consumers.get(f"s{shard}", 1))
        for shard in SHARDS
    )


def sight(**seen: Any) -> Sight:
    """A look at a house where else all is well."""
    return Sight(at=NOW, queues=seen.pop("queues", queues()), **seen)


def kinds(**seen: Any) -> list[str]:
    """The kinds of causes that such a look names."""
    return [cause.kind for cause in domain.causes(sight(**seen))]


def pause(part: Any = "consumer", seconds: float = 60, **more: Any) -> tuple[str, Pause]:
    """Chen has paused dispatch so many seconds ago."""
    return "dispatch", Pause(
        **{"no": 7, "part": part, "since": ago(seconds), "who": "chen", "reason": "换机"} | more
    )


def under_way(seconds: float, shard: int = 3, publisher: str = "ticket") -> Arrived:
    """A message to dispatch that has not been taken in since it was sent."""
    return Arrived(publisher=publisher, subscriber="dispatch", shard=shard, message=1, sent_at=ago(seconds))


def urgent(count: int, rest: int = 0, **more: Any) -> Affected:
    """So many urgent tickets wait, and some others."""
    ticket = TicketRef(id="7K3M-9QXR-2B4D-T8WZ", severity="urgent", state="dispatching")
    return Affected(count=count + rest, urgent=count, tickets=(ticket,), **more)


def test_where_all_is_well_nothing_is_named() -> None:
    assert kinds() == []
    assert kinds(ledgers=(Ledger(service="dispatch", waiting=3, unsent=2, unsent_since=ago(1)),)) == []


def test_a_shard_that_nobody_reads_is_named_with_the_urgent_tickets_that_wait() -> None:
    (cause,) = domain.causes(sight(queues=queues(s3=0)))
    assert (cause.kind, cause.service, cause.shards) == ("no_consumer", "dispatch", (3,))
    finding = told(cause, ago(7 * 60), urgent(12), NOW)
    assert finding.zh == "12 件紧急工单在等：派单服务第 3 分片已 7 分钟没有消费者"
    assert finding.en == "12 urgent tickets wait because dispatch shard 3 has had no consumer for 7 min"
    assert finding.affected.tickets[0].id == "7K3M-9QXR-2B4D-T8WZ"


def test_a_service_of_which_nothing_is_read_is_down() -> None:
    found = domain.causes(sight(queues=queues(ready=5, s0=0, s1=0, s2=0, s3=0)))
    assert [(cause.kind, cause.shards, cause.count) for cause in found] == [("service_down", (), 20)]


def test_a_restart_is_not_told_until_it_lasts() -> None:
    (cause,) = domain.causes(sight(queues=queues(s3=0)))
    assert not domain.lasts(cause, ago(2), NOW)
    assert domain.lasts(cause, ago(5), NOW)


def test_a_service_that_says_nothing_any_more_is_named_before_its_broker_gives_it_up() -> None:
    """It is frozen: its connection stands, what it has in hand lies in no queue, and nothing is lost."""
    still = (Ledger(service="dispatch", silent_seconds=8, unsent=3, unsent_since=ago(9), retries_due=2,
                    overdue_seconds=8.0),)  # fmt: skip
    (cause,) = domain.causes(sight(ledgers=still, under_way=(under_way(9),)))
    assert (cause.kind, cause.service, cause.since) == ("service_down", "dispatch", ago(8))
    assert domain.lasts(cause, NOW, NOW)
    finding = told(cause, ago(8), urgent(2), NOW)
    assert finding.zh == "2 件紧急工单在等：派单服务已 8 秒没有反应，0 条消息在排队"
    assert (
        finding.en == "2 urgent tickets wait because dispatch has not reacted for 8 s; 0 messages are queued"
    )
    assert [action.name for action in finding.actions] == ["restart"]


def test_silence_means_nothing_while_all_wait_for_a_lock_or_nothing_is_to_be_done() -> None:
    still = (Ledger(service="dispatch", silent_seconds=8),)
    assert kinds(ledgers=still, store=Store(locked_seconds=7)) == ["locked"]
    assert kinds(ledgers=still, pauses=(pause("all"),)) == ["drained"]
    assert kinds(ledgers=(Ledger(service="dispatch", silent_seconds=4),)) == []


def test_a_restart_that_nobody_carries_out_is_told_with_what_to_do_instead() -> None:
    asked = Restart(service="dispatch", who="chen", reason="没有反应", asked_at=ago(20))
    (cause,) = domain.causes(sight(restarts=(asked,)))
    finding = told(cause, ago(20), NOBODY, NOW)
    assert finding.zh == "chen 于 20 秒前要求重启派单服务（没有反应），还没有人执行"
    assert "docker compose restart dispatch" in finding.todo_en
    assert kinds(restarts=(Restart(service="dispatch", who="chen", reason="x", asked_at=ago(2)),)) == []


def test_what_is_paused_is_not_taken_for_dead() -> None:
    assert kinds(queues=queues(s3=0), pauses=(pause(shard=3),)) == ["paused"]
    assert kinds(queues=queues(s0=0, s1=0, s2=0, s3=0), pauses=(pause("all"),)) == ["drained"]
    assert kinds(queues=queues(s1=0, s3=0), pauses=(pause(shard=3),)) == ["no_consumer", "paused"]


@pytest.mark.parametrize(
    ("seconds", "until", "severity"),
    [(60, None, "note"), (16 * 60, None, "warning"), (16 * 60, NOW + timedelta(hours=1), "note")],
)
def test_a_pause_without_an_end_is_not_forgotten(seconds: int, until: datetime | None, severity: str) -> None:
    (cause,) = domain.causes(sight(pauses=(pause(seconds=seconds, until=until),)))
    assert cause.severity == severity
    finding = told(cause, cause.since or NOW, NOBODY, NOW)
    assert "chen" in finding.zh
    assert "换机" in finding.zh
    assert [(action.name, action.arguments) for action in finding.actions] == [("resume", {"pause": 7})]


def test_a_message_that_lies_in_no_queue_and_was_not_taken_in_is_lost_on_its_way() -> None:
    (cause,) = domain.causes(sight(under_way=(under_way(9), under_way(8))))
    assert (cause.kind, cause.about, cause.shards, cause.since) == ("lost", "ticket", (3,), ago(9))
    finding = told(cause, ago(9), urgent(2, rest=3), NOW)
    assert finding.zh == (
        "2 件紧急工单在等（另有 3 件一般工单）："
        "工单服务发给派单服务第 3 分片的消息已 9 秒没有送到（绑定缺失或队列被删）"
    )
    assert finding.en.startswith(
        "2 urgent tickets wait (and 3 more) because what ticket sends does not reach"
    )
    assert [action.name for action in finding.actions] == ["repair"]


def test_messages_that_lie_in_a_queue_that_is_read_are_slow_not_lost() -> None:
    assert kinds(queues=queues(ready=4), under_way=(under_way(9),)) == ["stuck"]
    assert kinds(under_way=(under_way(5),)) == []
    assert kinds(queues=queues(s3=0), under_way=(under_way(9),)) == ["no_consumer"]
    assert kinds(pauses=(pause(shard=3),), under_way=(under_way(9),)) == ["paused"]
    assert kinds(store=Store(locked_seconds=20), under_way=(under_way(9),)) == ["locked"]


def test_an_alarm_of_the_broker_explains_what_does_not_get_out() -> None:
    unsent = (Ledger(service="ticket", unsent=40, unsent_since=ago(60)),)
    assert kinds(ledgers=unsent) == ["unsent"]
    (cause,) = domain.causes(sight(ledgers=unsent, broker=Broker(alarm="low on disk")))
    assert told(cause, ago(60), urgent(1), NOW).en == (
        "1 urgent ticket waits because the broker has taken no message for 1 min: low on disk"
    )
    assert (
        told(cause, ago(60), urgent(1), NOW).zh == "1 件紧急工单在等：消息中间件已 1 分钟不收消息：磁盘不足"
    )
    assert kinds(broker=Broker(answers=False), queues=()) == ["broker_away"]
    assert kinds(store=Store(answers=False)) == ["database_away"]


@pytest.mark.parametrize(
    "why",
    ["failing", "unreadable", "data", "unknown-type", "envelope", "content-type", "too-large", "misrouted"],
)
def test_why_something_is_parked_is_told_in_words(why: str) -> None:
    assert why in TITLES
    assert all(said != why for said in reason(why))


def test_what_has_no_type_is_told_without_one() -> None:
    group = ParkedGroup(service="ticket", type="", reason="content-type", count=1, since=ago(4))
    (cause,) = domain.causes(sight(parked=(group,)))
    finding = told(cause, ago(4), NOBODY, NOW)
    assert finding.zh == "工单服务搁置了 1 条 类型不明的消息（内容类型不是 CloudEvents），已 4 秒"
    assert finding.en == "Ticket has parked 1 of no known type (not sent as CloudEvents), the first 4 s ago"


def test_what_is_parked_is_told_by_type_and_reason() -> None:
    group = ParkedGroup(
        service="dispatch",
        type="cn.fengge.ticket.TicketAccepted.v1",
        reason="failing",
        count=3,
        since=ago(90),
    )
    (cause,) = domain.causes(sight(parked=(group,)))
    finding = told(cause, ago(90), urgent(0, rest=3), NOW)
    assert finding.zh == "3 件工单在等：派单服务搁置了 3 条 TicketAccepted（反复失败），已 1 分钟"
    assert finding.actions[0].arguments == {"type": "cn.fengge.ticket.TicketAccepted.v1", "reason": "failing"}


def test_a_cell_whose_tickets_nobody_can_take_is_told_with_them() -> None:
    blocked = Blocked(grid="nh-3.01", reason="no_candidate", tickets=("A", "B"), since=ago(300))
    (cause,) = domain.causes(sight(blocked=(blocked,)))
    assert cause.tickets == ("A", "B")
    assert told(cause, ago(300), urgent(2), NOW).zh == (
        "2 件紧急工单在等：网格 nh-3.01 的工单派不出去（无人可派），已 5 分钟"
    )


def test_a_gap_behind_what_is_parked_is_not_told_twice_and_retries_that_are_late_are() -> None:
    gap = Ledger(service="ticket", gaps=2, gap_since=ago(60), waiting=2)
    assert kinds(ledgers=(gap,)) == ["gap"]
    assert kinds(ledgers=(Ledger(service="ticket", gaps=2, gap_since=ago(60), parked=1),)) == []
    late = Ledger(service="dispatch", retries_due=4, overdue_seconds=30)
    assert kinds(ledgers=(late,)) == ["overdue"]
    assert kinds(ledgers=(late,), pauses=(pause("all"),)) == ["drained"]


def test_who_waits_comes_first_and_a_warning_with_urgent_tickets_is_an_alarm() -> None:
    warning = told(Cause(kind="stuck", severity="warning", service="dispatch"), NOW, NOBODY, NOW)
    alarm = told(Cause(kind="stuck", severity="warning", service="dispatch"), NOW, urgent(1), NOW)
    note = told(Cause(kind="paused", severity="note", service="ticket"), NOW, NOBODY, NOW)
    assert [each.severity for each in ranked([note, warning, alarm])] == ["alarm", "warning", "note"]


def test_counts_that_are_not_complete_say_so() -> None:
    finding = told(Cause(kind="broker_away", severity="alarm"), NOW, urgent(0, rest=5000, at_least=True), NOW)
    assert finding.zh.startswith("至少 5000 件工单在等：")
    assert finding.en.startswith("At least 5000 tickets wait because ")


def test_every_kind_has_its_words_and_what_to_do() -> None:
    assert CAUSES.keys() == REMEDIES.keys() == RUNBOOKS.keys() >= OFFERS.keys()
    for kind in CAUSES:
        cause = Cause(kind=kind, severity="alarm", service="dispatch", shards=(1, 2), about="ticket", count=2)
        finding = told(cause, ago(3), NOBODY, NOW)
        assert finding.zh
        assert finding.en[0].isupper() or not finding.en[0].isalpha()
        assert "{" not in finding.zh + finding.en + finding.todo_zh + finding.todo_en


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [(0, "0 秒", "0 s"), (59, "59 秒", "59 s"), (420, "7 分钟", "7 min"), (7200, "2 小时", "2 h"),
     (90_000, "1 天", "1 d"), (-3, "0 秒", "0 s")],
)  # fmt: skip
def test_times_are_told_as_people_say_them(seconds: int, zh: str, en: str) -> None:
    assert lasting(timedelta(seconds=seconds)) == (zh, en)
