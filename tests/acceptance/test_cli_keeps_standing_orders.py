"""An operator has somebody visited again and again, sees what is to come, and pauses, resumes and ends it."""

from datetime import UTC, datetime, timedelta

from tests.acceptance.conftest import Fengge

SOON = datetime.now(UTC).date() + timedelta(days=30)
THURSDAY = SOON + timedelta(days=(3 - SOON.weekday()) % 7)
MONDAY = THURSDAY + timedelta(days=4)
PLAN = (
    "--category", "medicine_delivery", "--grid", "99010100100201001", "--rule", "FREQ=WEEKLY;BYDAY=MO,TH",
    "--at", "09:30", "--title", "每周送药", "--starts", f"{THURSDAY}", "--name", "王奶奶",
    "--phone", "13800138000", "--lives-alone", "--by", "li",
)  # fmt: skip


def test_an_order_is_opened_shown_paused_resumed_and_ended(fengge: Fengge) -> None:
    opened = fengge.json("order", "open", *PLAN)
    number = opened["order"]
    assert opened["state"] == "active"
    assert [moment[:10] for moment in opened["upcoming"]][:2] == [f"{THURSDAY}", f"{MONDAY}"]
    said = fengge("order", "show", number)
    assert f"{MONDAY} Mon 09:30 (Asia/Shanghai)" in said
    assert not [word for word in ("王奶奶", "13800138000", "每周送药") if word in said]
    assert number in [row["order"] for row in fengge.json("order", "list")]
    assert fengge.json("order", "pause", number, "--reason", "in_hospital")["state"] == "paused"
    assert fengge.json("order", "resume", number)["state"] == "active"
    assert fengge.json("order", "end", number, "--reason", "moved_away")["state"] == "ended"
    assert number not in [row["order"] for row in fengge.json("order", "list")]
    assert number in fengge("order", "list", "--all")


def test_what_cannot_be_is_said_with_the_reason(fengge: Fengge) -> None:
    assert "There is no standing order" in fengge("order", "show", "SO-7K3M-9QXR-2B4D-T8WZ", status=1)
    refused = fengge("order", "open", *PLAN, "--rule", "FREQ=DAILY;COUNT=3", status=1)
    assert "COUNT=3 is not taken in a rule" in refused
