"""Rating keys, asked of the evaluation service when a message goes out: into its words, and nowhere kept."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from chassis.asking import NotAnswered, asked
from chassis.settings import Settings
from services.notification.correspondence import Delivery

ASKING = "rating_requested.requester."
WITH_LINK, CODE_ALONE = "rating_key.requester", "rating_code.requester"
"""The words that carry a key; no stored message and no page has them (docs/adr/0024)."""


class RatingKey(Struct, frozen=True):
    """What proves a rating of one ticket."""

    ticket: str
    token: str
    code: str


def asks(delivery: Delivery) -> bool:
    """Whether a message asks for a rating."""
    return delivery.template.startswith(ASKING)


def rating_keys(settings: Settings, tickets: Sequence[str]) -> dict[str, Mapping[str, str]]:
    """By ticket the blanks of the words that carry its key; raises NotAnswered.

    A ticket about which nobody is asked any more is missing.
    """
    wanted = msgspec.json.encode({"tickets": sorted(set(tickets)), "who": "notification"})
    body = asked(settings.evaluation_url, "/rating-keys", settings.internal_token, wanted)
    try:
        keys = msgspec.json.decode(body, type=list[RatingKey])
    except msgspec.MsgspecError as error:
        raise NotAnswered("not a list of keys") from error
    return {key.ticket: _blanks(settings.rating_link, key) for key in keys}


def _blanks(pattern: str, key: RatingKey) -> Mapping[str, str]:
    if not pattern:
        return {"code": key.code}
    link = pattern.replace("{ticket}", key.ticket).replace("{token}", key.token)
    return {"link": link, "code": key.code}


def words(language: str, blanks: Mapping[str, str]) -> str:
    """The name of the template that carries a key with these blanks."""
    return f"{WITH_LINK if 'link' in blanks else CODE_ALONE}.{language}"
