"""The figures of every process: OpenTelemetry's names for messaging (in Prometheus' form) and our own.

Semantic conventions 1.38, messaging metrics; the destination is left empty where a batch has several.
"""

from chassis.metrics import Figure

_OF = ("messaging_system", "messaging_operation_name", "messaging_destination_name", "error_type")

PROCESSED = Figure(
    "messaging_process_duration_seconds",
    "histogram",
    "How long batches took up to their COMMIT.",
    _OF,
)
OPERATIONS = Figure(
    "messaging_client_operation_duration_seconds", "histogram",
    "How long the broker took to confirm what was published together.", _OF,
)  # fmt: skip
SENT = Figure(
    "messaging_client_sent_messages_total", "counter", "Messages published, of up to 50 events.", _OF
)
CONSUMED = Figure("messaging_client_consumed_messages_total", "counter", "Messages that were delivered.", _OF)

ACCEPTED = Figure("fengge_events_accepted_total", "counter", "Events taken over from the broker.")
RESUMED = Figure("fengge_events_resumed_total", "counter", "Events that had waited and wait no more.")
EFFECTED = Figure("fengge_events_effected_total", "counter", "Events that took effect.")
REPEATED = Figure("fengge_events_repeated_total", "counter", "Events dropped: they had been taken before.")
PARKED = Figure("fengge_events_parked_total", "counter", "Events parked for a person.")
WAITED = Figure("fengge_events_waiting_total", "counter", "Events of the broker that had to wait first.")
UNACCOUNTED = Figure(
    "fengge_events_unaccounted", "gauge",
    "accepted + resumed - effected - repeated - parked - waiting; anything but 0 is an error.",
)  # fmt: skip
CRITICAL = Figure(
    "fengge_critical_time_seconds", "histogram",
    "From an event's own time to the COMMIT of its effect here, by the exchange it came through.",
    ("messaging_destination_name",),
)  # fmt: skip

READABLE = Figure("fengge_ledger_readable", "gauge", "Whether the figures of the ledger follow.")
UNSENT = Figure("fengge_outbox_unsent", "gauge", "Messages not yet confirmed by the broker.")
UNSENT_AGE = Figure("fengge_outbox_oldest_seconds", "gauge", "Age of the oldest of them.")
WAITING = Figure("fengge_waiting", "gauge", "Events that wait behind a gap or for their next try.")
WAITING_AGE = Figure("fengge_waiting_oldest_seconds", "gauge", "How long the first of them has waited.")
WAITING_LATE = Figure("fengge_waiting_overdue_seconds", "gauge", "How long the next try is overdue.")
RETRIES = Figure("fengge_retries_scheduled", "gauge", "Events that failed and are tried again.")
RETRIES_DUE = Figure("fengge_retries_due", "gauge", "Those whose next try is due.")
GAPS = Figure("fengge_sequence_gaps", "gauge", "Tickets with an event that waits for its predecessor.")
GAPS_AGE = Figure("fengge_sequence_gap_oldest_seconds", "gauge", "How long the first of those has waited.")
OPEN = Figure("fengge_parked_open", "gauge", "Records that wait for a decision.")
OPEN_OF = Figure("fengge_parked_records", "gauge", "Records that wait, by reason.", ("reason",))
OPEN_AGE = Figure("fengge_parked_oldest_seconds", "gauge", "Age of the oldest of them.", ("reason",))

SHARD = Figure("fengge_shard_read", "gauge", "Whether this process reads a shard of its service.", ("shard",))
HELD = Figure("fengge_shard_held", "gauge", "Whether an operator holds a shard back.", ("shard",))
LINE = Figure("fengge_line_up", "gauge", "Whether a line of this process stands.", ("line",))
TIMER_IDLE = Figure(
    "fengge_timer_idle_seconds",
    "gauge",
    "Since when a clock here has not run to its end.",
    ("timer",),
)
TIMER_PERIOD = Figure("fengge_timer_period_seconds", "gauge", "How often that clock is to run.", ("timer",))
TIMER_FAILED = Figure("fengge_timer_failures_total", "counter", "Runs of that clock that failed.", ("timer",))

DUE = Figure("fengge_deadlines_due", "gauge", "Deadlines over and not acted on, up to 10,000.", ("clock",))
OVERDUE = Figure(
    "fengge_deadlines_overdue_seconds", "gauge", "How long the first of them has been over.", ("clock",)
)
