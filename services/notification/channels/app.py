"""The app channel (WeChat, a city's app): a template of the platform's and its fields, by HTTP gateway."""

from collections.abc import Mapping, Sequence

from chassis.line import Deadline
from chassis.settings import Settings
from services.notification.channels import gateway
from services.notification.channels.gateway import Gateway
from services.notification.correspondence import Letter, Outcome

"""The gateway knows which account belongs to a number; its 404 says that none does."""


def configured(settings: Settings) -> bool:
    """Whether there is a gateway."""
    return bool(settings.app_url)


def account(settings: Settings) -> Gateway:
    """The gateway and the account there."""
    return Gateway(settings.app_url, settings.app_key, settings.outside_timeout)


def send(letters: Sequence[Letter], settings: Settings, deadline: Deadline) -> dict[str, Outcome]:
    """By key what became of each letter."""
    return gateway.send(letters, account(settings), document, deadline)


def document(letter: Letter) -> Mapping[str, object]:
    """The fields of the platform's template, and the words for a platform that shows them as they are."""
    return {"fields": letter.fields, "title": letter.subject, "text": letter.body.strip()}
