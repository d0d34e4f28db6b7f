"""Looks at the service: requests that fail, answers that are slow or not logged, and nobody asking any more."""

from datetime import timedelta

from core.monitor.alerts.rules import limit_of, say_limit
from core.monitor.alerts.scene import Scene
from core.monitor.traffic import latency_quantile
from core.monitor.wording import say_rows, say_share
from core.records import LATENCY_EDGES_MS, AlertEvidence, AlertRule, Window

SPAN = timedelta(minutes=15)
FEWEST_REQUESTS = 20
"""Requests in 15 minutes below which nobody is called."""
SLOWEST_SHARE = 0.95
DAY = timedelta(days=1)
DAYS_BACK = 7
USUAL_DAYS = 3
"""So many of the last seven days must have had questions at this time for silence to be strange."""


def look_for_failures(scene: Scene, rule: AlertRule) -> AlertEvidence | None:
    """Return how many requests got no prediction, when that are too many."""
    share, total = failure_level(scene), scene.traffic.recent(scene.now, SPAN)
    if share is None or share < (rule.threshold or 0.0) or share == 0:
        return None
    return AlertEvidence(
        "Requests go unanswered",
        f"In the last 15 minutes {say_share(share)} of {total.n_requests:,} requests got no prediction: "
        f"{total.n_unanswered - total.n_errors:,} were refused because of what was asked, {total.n_errors:,} failed in "
        f"the service.{_say_by_rule(total)}",
        "critical",
        {
            "n_requests": total.n_requests,
            "n_refused": total.n_refused,
            "n_refused_by_rule": total.n_refused_by_rule,
            "n_errors": total.n_errors,
            "share": share,
        },
        scene.now,
    )


def _say_by_rule(total: Window) -> str:
    n = total.n_refused_by_rule
    return f" Not counted are {n:,} that the owner's own rules refused." if n else ""


def failure_level(scene: Scene, span: timedelta = SPAN) -> float | None:
    """Return the share of requests of the last minutes that failed or were refused, other than by the owner's rules."""
    total = scene.traffic.recent(scene.now, span)
    return total.n_unanswered / total.n_requests if total.n_requests >= FEWEST_REQUESTS else None


def look_for_slowness(scene: Scene, rule: AlertRule) -> AlertEvidence | None:
    """Return how slow the slowest 5 in 100 answers are, when that is too slow."""
    p95, limit = latency_level(scene), limit_of(rule, scene.objective)
    if p95 is None or limit is None or p95 <= limit:
        return None
    slow = "5 s or more" if p95 >= LATENCY_EDGES_MS[-1] else say_limit("milliseconds", p95)
    wanted = "the plan allows" if rule.threshold is None else "this rule allows"
    return AlertEvidence(
        "Answers take too long",
        f"In the last 15 minutes 5 of 100 requests took {slow} or longer; {wanted} {say_limit('milliseconds', limit)}.",
        "warning",
        {"p95_ms": p95, "limit_ms": limit, "n_requests": scene.traffic.recent(scene.now, SPAN).n_requests},
        scene.now,
    )


def latency_level(scene: Scene, span: timedelta = SPAN) -> float | None:
    """Return the 95th percentile of the latency of the last minutes, in milliseconds."""
    latency = scene.traffic.recent(scene.now, span).latency
    return latency_quantile(latency, SLOWEST_SHARE) if sum(latency) >= FEWEST_REQUESTS else None


def look_for_drops(scene: Scene, rule: AlertRule) -> AlertEvidence | None:
    """Return how many answered rows are missing in the log, when that are too many."""
    share, total = drop_level(scene), scene.traffic.recent(scene.now, SPAN)
    if share is None or share <= (rule.threshold or 0.0):
        return None
    return AlertEvidence(
        "Answers are not logged",
        f"In the last 15 minutes {say_rows(total.n_dropped)} were answered but are not in the log ({say_share(share)} "
        "of those asked): the log could not keep up. No label can be joined to them and no model can learn from them.",
        "warning",
        {"n_dropped": total.n_dropped, "n_rows": total.n_rows, "share": share},
        scene.now,
    )


def drop_level(scene: Scene, span: timedelta = SPAN) -> float | None:
    """Return which share of the rows of the last minutes was answered and not logged."""
    total = scene.traffic.recent(scene.now, span)
    n_answered = max(total.n_rows, total.n_dropped)
    return total.n_dropped / n_answered if n_answered else None


def look_for_silence(scene: Scene, rule: AlertRule) -> AlertEvidence | None:
    """Return for how long nobody has asked, when usually somebody does at this time."""
    quiet, limit = silence_level(scene), rule.threshold
    if quiet is None or limit is None or quiet < limit:
        return None
    span = timedelta(minutes=limit)
    first, _ = scene.traffic.bounds(scene.now)
    ends = [scene.now - DAY * n for n in range(1, DAYS_BACK + 1) if first and scene.now - DAY * n - span >= first]
    usual = [scene.traffic.n_requests(end - span, end) for end in ends]
    a_week_ago_too = len(usual) < DAYS_BACK or usual[-1] > 0
    if sum(n > 0 for n in usual) < USUAL_DAYS or not a_week_ago_too:
        return None
    asked = sorted(n for n in usual if n)
    typical = round(asked[len(asked) // 2])
    return AlertEvidence(
        "Nobody asks any more",
        f"Nothing has been asked for {say_limit('minutes', quiet)}. On {len(asked)} of the last {len(usual)} days "
        f"there were about {typical:,} requests at this time.",
        "warning",
        {"quiet_minutes": quiet, "usual_requests": typical, "n_days": len(asked), "n_days_known": len(usual)},
        scene.now,
    )


def silence_level(scene: Scene) -> float | None:
    """Return for how many minutes nothing has been asked."""
    _, last = scene.traffic.bounds(scene.now)
    return None if last is None else max(round((scene.now - last).total_seconds() / 60, 1) - 1, 0.0)
