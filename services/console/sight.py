"""What the operators' room may see of other schemas, and change there: a closed list, granted at migration.

Who asked, what they said and how they are reached is not in it; nor is any secret. Bodies of parked and
waiting messages are, for operators mend them: they are shown masked, or for a purpose that goes on record.
"""

from collections.abc import Mapping, Sequence

Allowed = Mapping[str, Sequence[str] | None]
"""By SELECT, INSERT, UPDATE: the columns; None: all."""

SEE: Allowed = {"SELECT": None}
EDITION = (
    "source", "id", "type", "partitionkey", "sequence", "exchange", "publisher", "content_type", "body",
    "reason", "detail", "state", "history",
)  # fmt: skip
LEDGER: Mapping[str, Allowed] = {
    "inbox": SEE,
    "outbox": SEE,
    "suspect": SEE,
    "alive": SEE,
    "policy": SEE,
    "position": {"SELECT": None, "INSERT": None, "UPDATE": None},
    "waiting": {"SELECT": None, "INSERT": None, "UPDATE": None},
    "parked": {"SELECT": None, "INSERT": EDITION, "UPDATE": ("state", "history")},
    "pause": {
        "SELECT": None,
        "INSERT": ("part", "shard", "channel", "until", "who", "reason"),
        "UPDATE": ("ended_at", "ended_by", "ended_why"),
    },
}
"""The chassis' tables in every schema; what `decisions` and `pause` there do, an operator may do."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _columns(text: str) -> Allowed:
    return {"SELECT": tuple(text.split())}


RIGHTS: Mapping[str, Mapping[str, Allowed]] = {
    "ticket": {
        **LEDGER,
        "ticket": _columns(
            "id sequence state source external_id channel severity category grid received_at due_at "
            "assignment assignee assignee_kind reworks resolved satisfaction clock alarm_at since span "
            "closed_at desk"
        ),
        "history": SEE,
        "calendar_year": SEE,
        "calendar_day": SEE,
        "visit": SEE,
        "cell": {"SELECT": None, "UPDATE": ("path",)},
        "gazetteer": {"SELECT": None, "UPDATE": ("edition",)},
    },
    "dispatch": {
        **LEDGER,
        "case": SEE,
        "chain": SEE,
        "cell": {"SELECT": None, "UPDATE": ("parent", "path")},
        "organization": SEE,
        "assignee": _columns(
            "code kind organization cell roles unit skills load_cap active valid_from valid_to"
        ),
        "assignee_load": SEE,
        "catalogue": SEE,
        "contract": SEE,
        "contract_quota": SEE,
        "contract_month": SEE,
        "rota": SEE,
        "whistle": _columns("ticket whistle at cause reason_code by"),
    },
    "notification": {
        **LEDGER,
        "delivery": _columns(
            "key ticket audience template channels channel due_at state attempt error urgent"
        ),
        "alarm": SEE,
        "subscriber": _columns("id types state reason failing_since made_by made_at"),
        "webhook_message": _columns("key ident subscriber event_type ticket due_at state attempt made_at no"),
        "webhook_try": SEE,
    },
    "evaluation": {
        **LEDGER,
        "casefile": SEE,
        "tally": SEE,
        "scorecard": SEE,
    },
    "gateway": {
        **LEDGER,
        "client": _columns("id kind state any_ticket made_by made_at"),
        "intake": SEE,
        "refusal": SEE,
        "standing": SEE,
        "service": SEE,
    },
}
UNSEEN: Mapping[str, frozenset[str]] = {
    "ticket": _words(
        "request contact reveal seal remark vault_key relay erasure likeness likeness_low letter "
        "standing_order sensor"
    ),
    "dispatch": _words(
        "import_log outcome ground ruling opt_out quota_entry approval hours catalogue_change rota_watch"
    ),
    "notification": _words("correspondence console_message receipt_mark call opt_out pace template"),
    "evaluation": _words("rating_key correction guesser department_score"),
    "gateway": _words("credential scope answer access service_request note hearing"),
}
"""All other tables: whoever adds one says on which side it is."""
