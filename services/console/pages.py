"""All pages of the operators' room, in the order of the menu: whoever adds one adds a line here."""

from collections.abc import Sequence

from services.console.audit.page import PAGE as AUDIT
from services.console.control.page import PAGE as CONTROL
from services.console.entry.page import PAGE as ENTRY
from services.console.failed.page import PAGE as FAILED
from services.console.flow.page import PAGE as FLOW
from services.console.now.page import PAGE as NOW
from services.console.page import Page
from services.console.ticket.page import PAGE as TICKET

PAGES: Sequence[Page] = (
    ENTRY,
    NOW,
    FAILED,
    TICKET,
    FLOW,
    CONTROL,
    AUDIT,
)
