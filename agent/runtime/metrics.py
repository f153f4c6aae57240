"""Counters and times for /metrics, in Prometheus form; no personal data in any label."""

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

CALLS = Gauge("lpse_calls", "Calls now, by stage", ["stage"])
OUTCOMES = Counter("lpse_call_outcomes", "Ended calls, by outcome", ["outcome"])
STEP_SECONDS = Histogram(
    "lpse_step_seconds",
    "Seconds from a step's anchor to its proof",
    ["step"],
    buckets=(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200),
)
DEVIATIONS = Counter("lpse_deviations", "Deviations, by kind and step", ["kind", "step"])
EVENTS = Counter("lpse_events", "Events given to calls, by kind", ["event"])
EVENTS_IGNORED = Counter("lpse_events_ignored", "Events not given to a call, by reason", ["reason"])
EVENT_LAG = Histogram(
    "lpse_event_lag_seconds", "From the event's own time to its decision", buckets=_FAST
)
RECORD_SECONDS = Histogram(
    "lpse_record_seconds", "From the decision to the durable record", buckets=_FAST
)
ENTRY_SECONDS = Histogram(
    "lpse_entry_to_record_seconds", "From a call's entry to its durable record", buckets=_FAST
)
EFFECT_SECONDS = Histogram(
    "lpse_effect_seconds", "Time to fulfil a wish", ["effect"], buckets=_FAST
)
EFFECTS_REFUSED = Counter("lpse_effects_refused", "Wishes that failed", ["effect"])
INBOX = Gauge("lpse_inbox_events", "Events waiting in calls' inboxes")
JOURNALED = Gauge("lpse_journal_records", "Records in the local journal, not yet in the database")
NOT_DURABLE = Gauge(
    "lpse_records_not_durable", "Records in memory alone: neither database nor disk took them"
)
SHED = Counter("lpse_records_shed", "Records left out for want of room, by reason", ["reason"])
NUMBERS = Gauge("lpse_numbers_reserved", "Numbers reserved and not yet given, by kind", ["kind"])
WAITING = Gauge("lpse_callers_waiting", "Callers who wait for an operator")
OPERATORS = Gauge("lpse_operators", "Operators, by state", ["state"])
CLOCK_SKEW = Gauge("lpse_clock_skew_seconds", "The exchange's clock minus the agent's")
AGI_ANSWERED = Counter("lpse_agi_answered", "FastAGI sessions that got their whole answer")
AGI_REFUSED = Counter(
    "lpse_agi_refused", "FastAGI sessions that ended without an answer, by reason", ["reason"]
)
CALLS_REFUSED = Counter(
    "lpse_calls_out_refused", "Calls to numbers that do not exist here, by Asterisk's log"
)
LOOP_LAG = Histogram(
    "lpse_loop_lag_seconds",
    "How late the loop calls what is due, twenty times a second",
    buckets=_FAST,
)
OWNER = Gauge("lpse_owner", "1 in the process that owns the office's calls, 0 in a standby")
LEASE_EPOCH = Gauge("lpse_lease_epoch", "The epoch of the lease as this process saw it last")
MESSAGES = Counter(
    "lpse_messages", "Tries to send a message, by way and by what came of it", ["way", "result"]
)
