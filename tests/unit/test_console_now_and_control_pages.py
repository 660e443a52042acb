"""The templates of *Now* and *Control* have every word and value they ask for, in both languages."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from chassis.pause import Pause
from contracts.registry import LEDGERS
from services.console.control import scale
from services.console.control import words as control_words
from services.console.control.acts import CHANNELS
from services.console.control.grid_store import Cell
from services.console.control.replay_store import Replay
from services.console.now import board, domain
from services.console.now import page as now_page
from services.console.now.finding import Affected, TicketRef, told
from services.console.now.seen import Arrived, Blocked, Ledger, ParkedGroup, Queue, Rate, Restart, Sight
from services.console.now.watch import Picture
from services.console.render import Renderer
from services.console.words import Language, said

AT = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
PAUSE = Pause(no=7, part="consumer", shard=1, since=AT, who="chen", reason="换机")
RESTARTS = [
    Restart(service="dispatch", who="chen", reason="没有反应", asked_at=AT, taken_at=AT),
    Restart(service="ticket", who="chen", reason="没有反应", asked_at=AT),
    Restart(service="gateway", who="chen", reason="没有反应", asked_at=AT, wanted=False),
]
SIGHT = Sight(
    at=AT,
    queues=tuple(
        Queue(service="dispatch", shard=shard, there=shard < 3, ready=900, consumers=shard % 2)
        for shard in range(4)
    ),
    ledgers=(Ledger(service="dispatch", waiting=2, unsent=1, unsent_since=AT - timedelta(seconds=20)),),
    under_way=(
        Arrived(
            publisher="ticket", subscriber="dispatch", shard=1, message=1, sent_at=AT - timedelta(minutes=1)
        ),
    ),
    looked_at={"dispatch": 10},
    parked=(ParkedGroup(service="dispatch", type="cn.fengge.x.Y.v1", reason="failing", count=2, since=AT),),
    pauses=(("dispatch", PAUSE),),
    blocked=(Blocked(grid="nh-1", reason="no_desk", tickets=("A",), since=AT),),
    rates={"dispatch": Rate(60.0, 12.0)},
)  # fmt: skip
WHO = Affected(
    count=30, urgent=1, tickets=(TicketRef(id="7K3M-9QXR-2B4D-T8WZ", severity="urgent", state="dispatching"),)
)


class Visitor(SimpleNamespace):
    """Somebody who may do all, and a page that looks at `SIGHT`."""

    def __init__(self, language: Language) -> None:
        causes = domain.causes(SIGHT)
        findings = tuple(told(cause, AT - timedelta(minutes=7), WHO, AT) for cause in causes)
        picture = Picture(sight=SIGHT, findings=findings, lost=domain.lost(SIGHT, causes), seconds=0.1)
        super().__init__(
            language=language, role=None, csrf="c", session=None, who="-",
            request=SimpleNamespace(path="/now", full_path="/now?", method="GET"),
            means=SimpleNamespace(watching=SimpleNamespace(picture=lambda: picture)),
        )  # fmt: skip

    def may(self, role: Any) -> bool:
        """Everything."""
        return role is not None

    def say(self, pair: tuple[str, str]) -> str:
        """In the visitor's language."""
        return said(pair, self.language)

    def shows(self, template: str, words: Any, **values: Any) -> str:
        """A template as this visitor sees it."""
        return Renderer([]).rendered(template, self, words, values)


BOTH = pytest.mark.parametrize("language", ["zh", "en"])


@BOTH
def test_now_tells_every_finding_with_its_tickets_and_buttons(language: Language) -> None:
    visitor = Visitor(language)
    values = now_page.shown(visitor)  # type: ignore[arg-type]
    text = visitor.shows("now/templates/now.html", now_page.WORDS, **values)
    assert text.count("<article") == len(domain.causes(SIGHT))
    assert "7K3M-9QXR-2B4D-T8WZ" in text
    assert 'href="/control/do/resume?service=dispatch&amp;pause=7"' in text
    assert 'href="/control/do/retry?service=dispatch&amp;type=cn.fengge.x.Y.v1&amp;reason=failing"' in text
    assert 'href="/control/do/repair?service=dispatch"' in text


@BOTH
def test_control_shows_what_is_paused_and_what_can_be_done(language: Language) -> None:
    replay = Replay(
        subscriber="dispatch", shards=[1], publishers=["ticket"], since=AT, until=AT, no=3, state="running",
        at={}, sent=20, who="chen", reason="补发", begun_at=AT,
    )  # fmt: skip
    text = Visitor(language).shows(
        "control/templates/control.html", control_words.WORDS, ledgers=LEDGERS,
        channels=CHANNELS, hints=scale.hints(SIGHT), may_act=True, may_more=True, pauses=SIGHT.pauses,
        shards={"dispatch": 4}, hears={"dispatch": ["ticket"]}, replays=[replay], restarts=RESTARTS,
    )  # fmt: skip
    assert "换机" in text
    assert text.count("<form") == 8
    assert all(said(control_words.WORDS[word], language) in text for word in ("not_taken", "given_up"))


@BOTH
def test_each_act_is_asked_for_with_its_reason(language: Language) -> None:
    visitor = Visitor(language)
    for name, fields in (
        ("resume", {"service": "dispatch", "pause": "7"}), ("repair", {"service": "dispatch"}),
        ("retry", {"service": "dispatch", "type": "t", "reason": "failing"}),
        ("hang", {"service": "dispatch", "grid": "99"}), ("restart", {"service": "dispatch"}),
    ):  # fmt: skip
        text = visitor.shows(
            "control/templates/ask.html", control_words.WORDS, name=name, service="dispatch",
            fields=fields, way=[], homes=[Cell(code="98", name="善食社区", path=["98"])],
        )  # fmt: skip
        assert f'action="/control/{name}"' in text
        assert 'name="reason"' in text
        assert ("善食社区" in text) is (name == "hang")
    assert "queue x" in visitor.shows(
        "control/templates/check.html", control_words.WORDS, missing=["queue x"]
    )
    counted = visitor.shows(
        "control/templates/count.html", control_words.WORDS, counts={"ticket": 5}, fields={}
    )
    assert "5" in counted


def test_a_hint_says_how_many_processes_catch_up() -> None:
    assert scale.needed(900, 60.0, 4) == 4
    assert scale.needed(300, 60.0, 4) == 2
    assert scale.needed(0, 60.0, 4) == 1
    assert scale.needed(10, 0.0, 4) == 4


def test_the_board_accounts_for_every_message() -> None:
    (account,) = board.accounts(SIGHT, {})
    assert account.messages == account.taken + account.under_way + account.lost == 10
