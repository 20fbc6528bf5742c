"""What operators are shown: values, made anew for each look.

Times are in milliseconds since the epoch (``_ms``), durations in seconds (``_s``), unless a
name says otherwise. Nothing here holds content, an e-mail or a visitor's address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from service.store.server.trouble import Trouble


class WorkerState(StrEnum):
    """Name what a worker does."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    SUSPENDED = "suspended"
    SILENT = "silent"
    """Its process lives, or may on a server that takes no writes, and does not show itself."""
    GONE = "gone"
    """It ended, or nothing has been heard of it for four seconds."""


@dataclass(frozen=True, slots=True)
class WorkerView:
    """Show one worker; one that is gone is shown for ten minutes.

    ``task`` is the dotted name of the task in hand, ``batch_size`` the size of its last batch,
    ``rate`` the comments it settled each second lately, ``succeeded`` and ``failed`` its tasks.
    ``last_heartbeat_ms`` is when it last showed itself, not when somebody vouched for it.
    ``exit_code`` is that of a process that ended (-9: killed), None where it is not known.
    """

    name: str
    host: str
    pid: int
    state: WorkerState
    task: str
    batch_size: int
    rate: float
    settled: int
    succeeded: int
    failed: int
    memory_bytes: int
    uptime_s: float
    last_heartbeat_ms: int
    exit_code: int | None = None

    @property
    def is_alive(self) -> bool:
        """Say whether its process lives."""
        return self.state is not WorkerState.GONE


@dataclass(frozen=True, slots=True)
class RqQueueView:
    """Show one RQ queue: tasks waiting, in hand and failed; the age of the oldest waiting."""

    name: str
    depth: int
    started: int
    failed: int
    oldest_s: float | None


@dataclass(frozen=True, slots=True)
class InboxView:
    """Show one site's inbox, and what else waits there.

    ``unscreened`` counts held comments that some check could not judge; ``held`` all held ones;
    ``held_untouched`` those no moderator has claimed.
    """

    site: str
    depth: int
    oldest_s: float | None
    held: int
    held_oldest_s: float | None
    unscreened: int
    unscreened_oldest_s: float | None
    held_untouched: int
    dead_letters: int
    accepted: int
    replayed: int
    settled: int


@dataclass(frozen=True, slots=True)
class WebhooksView:
    """Show the webhooks of one site that has any.

    ``failing`` are those that fail three times in a row or were turned off for it. ``outbox``
    counts events given to none yet, ``waiting`` those that wait for a webhook that is on, of
    which ``due`` are due now, ``dead`` those given up. ``oldest_s`` is for how long they have
    been behind: how old the first event in the outbox is, since when the first delivery is
    overdue, or since when a webhook for which events wait has failed; None where all is told.
    ``results`` counts attempts by outcome (told, again, dead), and events missed.
    """

    site: str
    on: int
    failing: int
    outbox: int
    waiting: int
    due: int
    dead: int
    oldest_s: float | None
    results: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CheckView:
    """Show one check over the last hour.

    Times are milliseconds per comment. ``failures`` counts by the kind of failure;
    ``unscreened`` are the comments it could not judge. ``is_silent``: it stopped being run,
    or finds nothing where it used to find something.
    """

    name: str
    calls: int
    comments: int
    signals: int
    mean_ms: float
    p95_ms: float
    failures: Mapping[str, int]
    unscreened: int
    last_seen_ms: int
    last_failure_ms: int | None
    is_failing: bool
    is_silent: bool


class AlertKind(StrEnum):
    """Name what an operator must know at once."""

    NO_WORKER = "no_worker"
    WORKER_SILENT = "worker_silent"
    SUSPENDED = "suspended"
    CHECK_FAILING = "check_failing"
    CHECK_SILENT = "check_silent"
    INBOX_OLD = "inbox_old"
    DEAD_LETTERS = "dead_letters"
    FAILED_TASKS = "failed_tasks"
    WEBHOOKS_FAILING = "webhooks_failing"
    WEBHOOKS_LATE = "webhooks_late"
    UNKNOWN_KEYS = "unknown_keys"
    """Calls at a door in another's shape: most of its clients publish what is not judged."""
    MEMORY = "memory"
    DISK = "disk"
    NOT_WRITTEN = "not_written"
    """The server cannot write to its disk any more."""
    REFUSED = "refused"
    """The server takes no writes; the subject is why."""


class Severity(StrEnum):
    """Say how bad an alert is."""

    CRITICAL = "critical"
    """Comments do not flow, or flow unchecked."""
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Alert:
    """Report one thing that is wrong: of which ``subject`` (a check, a site, a door,
    a server).

    ``value`` and ``limit`` are in the kind's own unit: seconds, a count, or a share 0..1.
    """

    kind: AlertKind
    severity: Severity
    subject: str = ""
    value: float = 0.0
    limit: float = 0.0


class AdviceKind(StrEnum):
    """Name what to do about the number of workers."""

    ENOUGH = "enough"
    """The inbox does not grow."""
    CATCHING_UP = "catching_up"
    """It is not empty, and shrinks: empty in ``drain_s``."""
    ADD = "add"
    """It grows: ``workers`` more would hold it."""
    STUCK = "stuck"
    """It does not grow, and yet its oldest comment waits too long."""
    START = "start"
    """No worker lives."""
    RESUME = "resume"
    """The workers are suspended."""
    REFUSED = "refused"
    """The server takes no writes."""
    UNKNOWN = "unknown"
    """Too little has been measured yet."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Advise on the number of workers, with the numbers it comes from.

    ``growth`` is by how many comments the inbox grows each second, ``capacity`` how many one
    worker settles in a second of work, ``busy`` the share of their time that they work, 0..1.
    ``workers`` is how many to add to those alive, not how many there should be.
    """

    kind: AdviceKind
    growth: float = 0.0
    capacity: float = 0.0
    busy: float = 0.0
    workers: int = 0
    drain_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Hold the time from acceptance to verdict of ``count`` comments, ms; None without any."""

    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    count: int = 0


@dataclass(frozen=True, slots=True)
class Unlooked:
    """Count the comments that wait for a check or a moderator, by why; and the oldest's age.

    ``inbox``: no check has seen them. ``unscreened``: held, some check could not judge them.
    ``held_unseen``: held, screened, and no moderator has decided, whether one has
    opened them or not. ``held_untouched``: of all held ones those that no moderator
    has claimed yet; counted above already.
    """

    inbox: int = 0
    unscreened: int = 0
    held_unseen: int = 0
    held_untouched: int = 0
    oldest_s: float | None = None

    @property
    def total(self) -> int:
        """Return all of them together."""
        return self.inbox + self.unscreened + self.held_unseen


@dataclass(frozen=True, slots=True)
class ServerView:
    """Show the server that keeps the comments: shares 0..1, None where it cannot be known.

    ``trouble`` is why it takes no writes, if it takes none.
    """

    memory_bytes: int = 0
    memory_share: float | None = None
    disk_share: float | None = None
    is_written: bool = True
    trouble: Trouble = Trouble.NONE


@dataclass(frozen=True, slots=True)
class Seen:
    """Hold what every overview is made of, and pages show beside it."""

    workers: tuple[WorkerView, ...]
    inboxes: tuple[InboxView, ...]
    webhooks: tuple[WebhooksView, ...]
    checks: tuple[CheckView, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """Show everything at one glance; rates per second over the last minute, latency and
    mix over the last five.

    ``verdicts`` counts comments by status (approved, held, rejected, spam).
    """

    at_ms: int
    accepted_rate: float
    settled_rate: float
    verdicts: Mapping[str, int]
    latency: Latency
    unlooked: Unlooked
    alerts: tuple[Alert, ...]
    advice: Advice
    is_suspended: bool
    suspended_by: str
    suspended_since_ms: int | None
    workers_alive: int
    workers_busy: int
    dead_letters: int
    failed_tasks: int
    server: ServerView = field(default_factory=ServerView)


class Span(StrEnum):
    """Name how far back a series goes."""

    HOUR = "1h"
    DAY = "24h"
    MONTH = "30d"


class Measure(StrEnum):
    """Name what a series shows."""

    ACCEPTED = "accepted"  # comments per second
    SETTLED = "settled"  # comments per second
    APPROVED = "approved"  # comments per second, as the following
    HELD = "held"
    REJECTED = "rejected"
    SPAM = "spam"
    UNSCREENED = "unscreened"
    INBOX = "inbox"  # comments, the most in each step
    QUEUE = "queue"  # held comments, the most in each step
    P50 = "p50"  # milliseconds from acceptance to verdict, as the following
    P95 = "p95"
    P99 = "p99"
    BUSY = "busy"  # workers' worth of work going on
    WORKERS = "workers"  # workers alive, the fewest in each step
    FAILURES = "failures"  # failures of checks, per second


@dataclass(frozen=True, slots=True)
class Series:
    """Hold one measure over a span, oldest first, one value per step of ``step_s``.

    The first value belongs to the step that begins at ``start_s`` (seconds since the epoch).
    None: nothing was measured then. The last step is still going on.
    """

    measure: Measure
    span: Span
    step_s: int
    start_s: int
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class FailedTask:
    """Show a task of RQ that failed: which, on whose inbox, when, how often, and why.

    ``error`` is the exception's type; ``traceback`` is masked: where the code was, and a
    message only where it cannot hold what visitors sent.
    """

    id: str
    queue: str
    function: str
    site: str
    failed_at_ms: int
    attempts: int
    error: str
    traceback: str


@dataclass(frozen=True, slots=True)
class FailedTasks:
    """Hold a page of failed tasks, newest first; ``cursor`` asks for the next, "" ends."""

    tasks: tuple[FailedTask, ...]
    cursor: str
    total: int


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """Report on several tasks: whose was done, and how many are left where all were asked."""

    done: tuple[str, ...]
    left: int = 0


@dataclass(frozen=True, slots=True)
class CheckTotals:
    """Hold what one check ever did: its comments, time, failures by kind."""

    comments: int
    signals: int
    seconds: float
    unscreened: int
    failures: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Totals:
    """Hold counters since the store was made, for who computes rates from them.

    ``latency_buckets`` are (upper bound in seconds, comments at or under it), cumulative,
    ascending, the last bound infinite; ``latency_sum_s`` is their sum.
    """

    batches: int
    reviewed: int
    busy_s: float
    verdicts: Mapping[str, int]
    unscreened: int
    latency_buckets: tuple[tuple[float, int], ...]
    latency_sum_s: float
    checks: Mapping[str, CheckTotals]
