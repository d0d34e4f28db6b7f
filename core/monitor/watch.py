"""Does a version that has just begun to answer keep to its rules? If not, it is taken back, and the history says why.

A rule counts as broken only where chance hardly explains it, because a watch looks again and again.
"""

import logging
from datetime import datetime, timedelta

from core import deploy, plan
from core.errors import ConflictError, LifecycleError
from core.monitor.intervals import share_interval
from core.monitor.performance import LATEST_ROWS
from core.monitor.realised import choose_measure
from core.monitor.wording import say_share
from core.records import (
    LATENCY_EDGES_MS,
    Deployment,
    ModelVersion,
    Watch,
    WatchReport,
    Window,
)
from core.store import Store

FEWEST_REQUESTS = 20
FEWEST_LABELS = 100
"""As an alert about accuracy needs."""
CONFIDENCE = 0.997
"""Of the interval that must lie beyond a rule's limit."""
SLOW_SHARE = 0.05
"""A 95th percentile is beyond a limit when more than this share of requests is."""
KEPT = "It kept to its rules."
LOG_DELAY = timedelta(minutes=1)
"""Answers of the last moments may not be in the log yet."""
logger = logging.getLogger(__name__)


def keep_watch(store: Store, now: datetime) -> list[Deployment]:
    """Judge every watch: take back what breaks a rule, end what is over; return what changed.

    Several processes may do so at once: each change happens once.
    """
    watched = [live for live in store.releases.all() if live.plan.watch is not None]
    return [changed for live in watched if (changed := _settle(store, live, now)) is not None]


def report_watch(store: Store, live: Deployment) -> WatchReport | None:
    """Return how a watch stands; None when nothing is watched."""
    watch = live.plan.watch
    if watch is None:
        return None
    total = _traffic(store, live.id, watch)
    looks = [
        _look_at_unanswered(watch, total),
        _look_at_latency(watch, total),
        _look_at_objective(store, live.id, watch),
    ]
    found = [look for look in looks if look is not None]
    return WatchReport(
        watch.model_version_id,
        tuple(sentence for is_broken, sentence in found if is_broken),
        tuple(sentence for is_broken, sentence in found if not is_broken),
    )


def _settle(store: Store, live: Deployment, now: datetime) -> Deployment | None:
    watch = live.plan.watch
    try:
        report = report_watch(store, live)
        if watch is None or report is None:
            return None
        if report.broken:
            return _take_back(store, live, watch, " ".join(report.broken))
        if now >= watch.ends_at + LOG_DELAY:
            reason = f"{KEPT} {' '.join(report.measured)}"
            return deploy.end_watch(
                store, live.id, by=deploy.AUTOMATIC, seen_generation=live.generation, reason=reason.strip()
            )
    except ConflictError:
        # Another process was faster, or a person decided otherwise at this moment.
        return None
    except LifecycleError as error:
        # The watch of one project must not keep the others from being looked at.
        logger.warning("The watch of project %s could not be kept: %s", live.id, error)
    return None


def _take_back(store: Store, live: Deployment, watch: Watch, why: str) -> Deployment:
    reason, seen = f"{why} The rule was set by {watch.started_by}.", live.generation
    if watch.back_to_id is None:
        return deploy.stop_canary(store, live.id, by=deploy.AUTOMATIC, seen_generation=seen, reason=reason)
    try:
        return deploy.roll_back(
            store, live.id, by=deploy.AUTOMATIC, seen_generation=seen, to_id=watch.back_to_id, reason=reason
        )
    except ConflictError:
        raise
    except LifecycleError as error:
        reason = f"{reason} It could not be taken back, though: {error.message}"
        return deploy.end_watch(store, live.id, by=deploy.AUTOMATIC, seen_generation=seen, reason=reason)


def _traffic(store: Store, project_id: str, watch: Watch) -> Window:
    """Return all counts of the watched version, from the minute in which the watch began up to its end."""
    since = watch.started_at.replace(second=0, microsecond=0)
    total = store.log.total(project_id, watch.model_version_id, since=since, until=watch.ends_at)
    return total or Window(project_id, watch.model_version_id, since)


def _look_at_unanswered(watch: Watch, total: Window) -> tuple[bool, str] | None:
    """Return whether too many requests got no answer, and what was counted; None when that is no rule."""
    limit = watch.rules.max_unanswered
    if limit is None:
        return None
    if total.n_requests == 0:
        return False, "Nobody has asked it anything yet."
    n_unanswered, n_refused = total.n_unanswered, total.n_unanswered - total.n_errors
    share = share_interval(n_unanswered, total.n_requests, confidence=CONFIDENCE)
    said = (
        f"{n_unanswered:,} of {total.n_requests:,} requests got no answer ({n_refused:,} refused, "
        f"{total.n_errors:,} failed); at most {say_share(limit)} may."
    )
    return total.n_requests >= FEWEST_REQUESTS and share.low > limit, said


def _look_at_latency(watch: Watch, total: Window) -> tuple[bool, str] | None:
    """Return whether more than 5 of 100 requests took longer than they may; time within a bin counts as in time."""
    limit = watch.rules.max_latency_p95_ms
    n_timed = sum(total.latency)
    if limit is None or n_timed == 0:
        return None
    lower_ends = (0.0, *LATENCY_EDGES_MS)
    n_slow = sum(count for end, count in zip(lower_ends, total.latency, strict=True) if end >= limit)
    share = share_interval(n_slow, n_timed, confidence=CONFIDENCE)
    said = f"{n_slow:,} of {n_timed:,} requests took longer than {limit:g} ms; at most 5 of 100 may."
    return n_timed >= FEWEST_REQUESTS and share.low > SLOW_SHARE, said


def _look_at_objective(store: Store, project_id: str, watch: Watch) -> tuple[bool, str] | None:
    """Return whether the answers whose truth is known miss the plan's least acceptable value, interval and all."""
    if not watch.rules.keep_objective:
        return None
    objective = plan.current_objective(store, project_id)
    measure = choose_measure(store, store.get(ModelVersion, watch.model_version_id), objective)
    if measure.minimum is None:
        return None
    answers = store.log.labelled_answers(
        project_id, newest=LATEST_ROWS, model_version_id=watch.model_version_id, since=watch.started_at
    )
    estimate = measure.estimate(answers) if len(answers) >= FEWEST_LABELS else None
    if estimate is None:
        return (
            False,
            f"Whether it is right is not known yet: {len(answers):,} of at least {FEWEST_LABELS} truths are here.",
        )
    verdict = plan.judge_objective(objective, estimate.value, estimate.low, estimate.high, len(answers))
    return verdict.outcome == "not_met", verdict.sentence
