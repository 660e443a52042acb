"""The SMS channel: the words of a letter to a telephone number, through an HTTP gateway."""

from collections.abc import Mapping, Sequence

from chassis.line import Deadline
from chassis.settings import Settings
from services.notification import outcomes
from services.notification.channels import gateway
from services.notification.channels.gateway import Gateway
from services.notification.correspondence import Letter, Outcome


def configured(settings: Settings) -> bool:
    """Whether there is a gateway."""
    return bool(settings.sms_url)


def account(settings: Settings) -> Gateway:
    """The gateway and the account there."""
    return Gateway(settings.sms_url, settings.sms_key, settings.outside_timeout)


def send(letters: Sequence[Letter], settings: Settings, deadline: Deadline) -> dict[str, Outcome]:
    """By key what became of each letter; where the gateway gives receipts, they are still to come."""
    found = gateway.send(letters, account(settings), document, deadline)
    if not settings.sms_receipts_url:
        return found
    return {key: outcomes.TAKEN if told == outcomes.SENT else told for key, told in found.items()}


def document(letter: Letter) -> Mapping[str, object]:
    """Text and fields: some gateways send words, others fill a template they have approved before."""
    return {"text": " ".join(letter.body.split()), "fields": letter.fields}
