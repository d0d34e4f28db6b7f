"""Records of watching over a live model: alerts, the rules that raise them, channels, and what waits to be sent."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from core.records.base import Json, new_id, utc_now

AlertKind = Literal[
    "accuracy",
    "estimate",
    "taken_back",
    "beside",
    "drift",
    "missing",
    "errors",
    "latency",
    "dropped",
    "traffic",
    "labels",
]
"""What an alert is about; each has one rule."""
AlertState = Literal["pending", "open", "acknowledged", "silenced", "resolved"]
"""`pending`: seen, but not for long enough to call somebody. All but `pending` and `resolved` are active."""
Severity = Literal["info", "warning", "critical"]
ChannelKind = Literal["webhook", "mail"]
DeliveryStatus = Literal["waiting", "delivered", "dead"]


@dataclass(frozen=True)
class AlertEvidence:
    """What was found at one moment: in words, and the figures behind them."""

    title: str
    message: str
    severity: Severity
    figures: Json = field(default_factory=dict)
    found_at: datetime = field(default_factory=utc_now)


@dataclass(frozen=True)
class Alert:
    """Something that needs a look. `title`, `message` and `evidence` stay as they were when it opened.

    `newest` is the same matter as it was found last, `quiet_since` the moment from which it was no longer found.
    `severity` is the greatest there was. `revision` counts the changes of state: who changes it names the one seen.
    """

    project_id: str
    model_version_id: str
    kind: AlertKind
    title: str
    message: str
    evidence: Json = field(default_factory=dict)
    state: AlertState = "open"
    handled_by: str | None = None
    severity: Severity = "warning"
    newest: AlertEvidence | None = None
    silenced_until: datetime | None = None
    quiet_since: datetime | None = None
    revision: int = 0
    id: str = field(default_factory=new_id)
    opened_at: datetime = field(default_factory=utc_now)
    changed_at: datetime = field(default_factory=utc_now)

    @property
    def active(self) -> bool:
        """Whether it is open, acknowledged or silenced."""
        return self.state in ("open", "acknowledged", "silenced")


@dataclass(frozen=True)
class AlertChange:
    """One step in the history of an alert: from which state to which, by whom and why."""

    project_id: str
    alert_id: str
    before: AlertState | None
    after: AlertState
    changed_by: str
    reason: str = ""
    id: str = field(default_factory=new_id)
    changed_at: datetime = field(default_factory=utc_now)


@dataclass(frozen=True)
class AlertRule:
    """When one kind of alert opens. Saved anew at each change; the newest one counts.

    `threshold` is in the unit of its kind (a share in [0, 1], milliseconds or minutes); None where the plan or the
    test says it. `patience_minutes` is how long the matter must last before an alert opens.
    """

    project_id: str
    kind: AlertKind
    enabled: bool
    threshold: float | None
    patience_minutes: int
    created_by: str = "someone"
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)


@dataclass(frozen=True)
class Rehearsal:
    """What a rule would have done over past traffic: how often it would have called, for nothing how often, how late.

    `alarms` are the moments it would have opened an alert, `false_alarms` those of them after which no loss was seen,
    `unknown` those nobody can judge. `quiet_a_month` are the alarms a month when quiet minutes are drawn again.
    `levels` is what the rule looked at, one value a moment, `limit` its threshold in the same unit.
    """

    kind: AlertKind
    moments: tuple[datetime, ...]
    levels: tuple[float | None, ...]
    limit: float | None
    alarms: tuple[datetime, ...]
    false_alarms: tuple[datetime, ...]
    unknown: tuple[datetime, ...]
    a_month: float | None
    quiet_a_month: float | None
    delay_minutes: float | None
    sentence: str
    unit: str = ""


@dataclass(frozen=True)
class Channel:
    """Where alerts are sent. Its secret is in a file of its own and in no record.

    `settings` of a webhook: `url`; of mail: `host`, `port`, `security` (none, starttls, tls), `user`, `sender`,
    `recipients`. `kinds` empty: all kinds of alerts.
    """

    project_id: str
    kind: ChannelKind
    name: str
    settings: Json
    severities: tuple[Severity, ...] = ("warning", "critical")
    kinds: tuple[AlertKind, ...] = ()
    enabled: bool = True
    created_by: str = "someone"
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)


@dataclass(frozen=True)
class Delivery:
    """A notice in the outbox, written with the change it tells of. `id` lets a receiver know one it already has.

    `next_at` is when it may be tried (again). `problem` is why the last try failed.
    """

    project_id: str
    channel_id: str
    subject: str
    payload: Json
    status: DeliveryStatus = "waiting"
    n_attempts: int = 0
    problem: str = ""
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)
    next_at: datetime = field(default_factory=utc_now)
    ended_at: datetime | None = None
