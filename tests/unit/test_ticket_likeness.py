"""What makes two requests alike, and how well a few hashes stand for a text."""

import random

import pytest

from contracts.intake import Requester
from services.ticket.alike.likeness import KEPT, LENGTH, LOWEST, compared, likeness, pieces, who
from services.ticket.privacy.vault import Vault

KEY = b"k" * 32
BODY = "我们楼三层的楼道灯坏了一个多星期，晚上老人上下楼看不清台阶，请尽快安排人来看一看。"
OTHER = "小区门口的垃圾桶好几天没有人清运，天气热气味很大，希望物业增加清运次数。"


@pytest.mark.parametrize(
    "written",
    [
        BODY + "\n\n",
        BODY.replace("，", ", "),
        f"　{BODY}！！",
        BODY.replace("，", "\u00a0"),
    ],
)
def test_space_and_punctuation_make_no_other_text(written: str) -> None:
    assert compared("灯", written, 20) == compared("另一个标题", BODY, 20)


def test_figures_do() -> None:
    assert compared("灯", BODY.replace("三层", "四层"), 20) != compared("灯", BODY, 20)


def test_where_the_body_says_too_little_the_title_counts_and_very_little_is_not_compared() -> None:
    assert compared("路灯不亮", "", 20) is None
    title = "幸福里三号楼二单元三层的楼道灯坏了一个星期"
    assert compared(title, "请修", 20) == f"{title}请修"


def test_a_person_is_known_by_the_number_else_by_the_address() -> None:
    assert who(Requester(phone="+86 138-0013-8000", email="a@b.cn")) == "phone:13800138000"
    assert who(Requester(name="王芳", email="A@b.cn")) == "email:a@b.cn"
    assert who(Requester(name="王芳")) is None
    assert who(None) is None


def test_the_same_text_is_a_hundred_and_another_one_next_to_nothing() -> None:
    assert likeness(pieces(BODY, KEY), pieces(BODY, KEY)) == 100
    assert likeness(pieces(BODY, KEY), pieces(OTHER, KEY)) < 5
    assert likeness([], []) == 0


def test_a_sentence_more_leaves_most_pieces_in_common() -> None:
    assert 60 < likeness(pieces(BODY, KEY), pieces(BODY + "谢谢你们的帮助。", KEY)) < 95


def test_the_hashes_say_nothing_without_the_key() -> None:
    assert not {*pieces(BODY, KEY)} & {*pieces(BODY, b"another".ljust(32))}
    one, other = Vault([b"a" * 32]), Vault([b"b" * 32, b"a" * 32])
    assert one.pieces != other.pieces
    assert other.marks_of("x")[1:] == one.marks_of("x")
    assert one.mark("13800138000") not in one.marks_of("who:phone:13800138000")


def test_the_estimate_is_near_the_share_and_the_lowest_find_each_other() -> None:
    chance = random.Random(7)
    signs = [chr(0x4E00 + n) for n in range(2000)]
    worst, found = 0.0, 0
    for _ in range(200):
        text = "".join(chance.choices(signs, k=300))
        cut = chance.randrange(20, 120)
        other = text[cut:] + "".join(chance.choices(signs, k=20))
        true = _share(text, other)
        one, two = pieces(text, KEY), pieces(other, KEY)
        assert len(one) == KEPT
        worst = max(worst, abs(likeness(one, two) / 100 - true))
        found += bool({*one[:LOWEST]} & {*two[:LOWEST]})
    assert worst < 0.2
    assert found >= 199


def _share(one: str, other: str) -> float:
    a, b = ({text[n : n + LENGTH] for n in range(len(text) - LENGTH + 1)} for text in (one, other))
    return len(a & b) / len(a | b)
