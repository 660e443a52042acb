"""Words in pairs, Chinese and English; a page has its own catalogue; these belong to the frame."""

from collections.abc import Mapping
from typing import Literal

Pair = tuple[str, str]
"""Chinese, English."""
Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
TAGS: Mapping[Language, str] = {"zh": "zh-Hans", "en": "en"}
"""For the attribute `lang`."""


def said(pair: Pair, language: Language) -> str:
    """The half of a pair that is in this language."""
    return pair[LANGUAGES.index(language)]


PARTIES: Mapping[str, Pair] = {
    "ticket": ("工单服务", "ticket"),
    "dispatch": ("派单服务", "dispatch"),
    "notification": ("通知服务", "notification"),
    "evaluation": ("评价服务", "evaluation"),
    "gateway": ("对外网关", "gateway"),
    "outside": ("外部", "outside"),
}


def party(name: str, language: Language) -> str:
    """What a service, or the world outside, is called."""
    pair = PARTIES.get(name)
    return said(pair, language) if pair else name


class Words:
    """A catalogue in one language: `words.title`; a name that is not in it is an error."""

    def __init__(self, language: Language, *catalogues: Mapping[str, Pair]) -> None:
        self._language = language
        self._pairs = {name: pair for catalogue in catalogues for name, pair in catalogue.items()}

    def __getattr__(self, name: str) -> str:
        try:
            return said(self._pairs[name], self._language)
        except KeyError:
            raise AttributeError(name) from None

    __getitem__ = __getattr__

    def __contains__(self, name: object) -> bool:
        return name in self._pairs


FRAME: Mapping[str, Pair] = {
    "room": ("蜂格值班室", "Fengge operators' room"),
    "skip": ("跳到正文", "Skip to content"),
    "menu": ("主菜单", "Main menu"),
    "other_language": ("English", "中文"),
    "sign_in": ("登录", "Sign in"),
    "sign_out": ("退出", "Sign out"),
    "signed_in_as": ("当前用户", "Signed in as"),
    "reason": ("理由（将记入审计）", "Reason (it goes on record)"),
    "back": ("返回", "Back"),
    "again": ("重试", "Try again"),
    "home": ("首页", "Start"),
    "problem": ("无法完成", "This cannot be done"),
}
PROBLEMS: Mapping[int, Pair] = {
    400: ("请求有误。", "Something is wrong with the request."),
    401: ("请先登录。", "Sign in first."),
    403: ("您无权执行此操作，已记录在案。", "You may not do this. It has been put on record."),
    404: ("没有这个页面。", "There is no such page."),
    405: ("此处不接受这种请求。", "Such a request is not taken here."),
    409: ("情况已经变化，请刷新后再试。", "Things have changed; look again before you try."),
    413: ("提交的内容太大。", "That is too much at once."),
    429: ("请求过于频繁，请稍后再试。", "Too many requests; try again later."),
    500: ("出现内部错误，已记入日志。", "Something broke here; it is in the log."),
    503: (
        "数据库暂时无法访问，页面无法显示。居民的诉求由各服务自行接收，恢复后请刷新。",
        "The database does not answer, so nothing can be shown; look again when it is back.",
    ),
}
