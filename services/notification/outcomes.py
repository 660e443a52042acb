"""What can become of one try, by its name; every channel speaks of the same things."""

from services.notification.correspondence import Outcome

SENT = Outcome()
TAKEN = Outcome(receipt=True)
REFUSED = Outcome(error="refused")
DEFERRED = Outcome(error="deferred", again=True)
UNREACHABLE = Outcome(error="unreachable", again=True, fault=True)
TIMEOUT = Outcome(error="timeout", again=True, fault=True)
FAILING = Outcome(error="failing", again=True, fault=True)
DOWN = Outcome(error="gateway_down", again=True)
"""The breaker's word in the gateway's place."""
POSTPONED = Outcome(error="postponed", again=True, counted=False)
NO_ADDRESS = Outcome(error="no_address")
BAD_ADDRESS = Outcome(error="bad_address")
OPTED_OUT = Outcome(error="opted_out")
NO_TEXT = Outcome(error="template")
NOT_ASKED = Outcome(error="not_asked", last=True)
"""The time to rate is over, or the requester has rated: there is nothing to ask any more."""
NOT_CONFIGURED = Outcome(error="not_configured")


def later(error: str, seconds: float) -> Outcome:
    """Put off by so much through no fault of the message's."""
    return Outcome(error=error, again=True, counted=False, wait=seconds)
