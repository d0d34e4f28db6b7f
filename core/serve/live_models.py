"""Which model answers for which project: what is live in the store, loaded before anybody asks, swapped when proved.

A version that cannot be loaded is never served: the one before goes on answering, and the trouble is shown.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from anyio.to_thread import run_sync
from sqlalchemy.exc import SQLAlchemyError

from core.deploy import Answers, LoadedModel, load_model, prepare_to_run_apart
from core.errors import BadInputError, LifecycleError, NotReadyError
from core.records import Deployment, Json, ModelVersion, Project, Release
from core.serve.batching import Batcher
from core.serve.contract import Contract
from core.serve.refusal import RefusalError
from core.serve.routing import is_in_share
from core.store import Store

POLL_INTERVAL_S = 0.25
RETRY_AFTER_S = 15.0
QUICK_S = 0.002
N_ATTEMPTS = 5
N_ROWS_TIMED = 100
logger = logging.getLogger(__name__)

Verify = Callable[[Path, str], None]


@dataclass(frozen=True)
class ServedModel:
    """What answers for a project. `trouble` says in words why it is not what was promoted, else it is empty.

    `row_s` is how long the model takes for one row, in seconds, `more_s` for each further one. `canary` answers a share
    of the requests; it has none itself.
    """

    project: Project
    deployment: Deployment
    model: ModelVersion
    loaded: LoadedModel
    contract: Contract
    batcher: Batcher
    row_s: float
    more_s: float
    trouble: str = ""
    canary: "ServedModel | None" = None

    def takes_canary(self, key: str) -> bool:
        """Whether a request with this routing key is for the canary; never when there is none."""
        planned = self.deployment.plan.canary
        if planned is None or self.canary is None:
            return False
        return is_in_share(key, planned.share, planned.model_version_id)

    def is_quick(self, n_rows: int) -> bool:
        """Whether so many rows are scored faster than they are handed to another thread and back."""
        return self.loaded.engine == "onnx" and self.row_s + (n_rows - 1) * self.more_s < QUICK_S


def get_ready(
    project: Project, deployment: Deployment, model: ModelVersion, loaded: LoadedModel, trouble: str = ""
) -> ServedModel:
    """Return a loaded model with all that is made once for it rather than for each request."""

    async def score(rows: Sequence[Json]) -> Answers:
        return await run_sync(loaded.predict_rows, rows)

    contract, batcher = Contract(loaded.prototype), Batcher(score)
    return ServedModel(project, deployment, model, loaded, contract, batcher, *time_rows(loaded), trouble)


def time_rows(loaded: LoadedModel) -> tuple[float, float]:
    """Return how many seconds a typical row takes, and each further one of a request; the best of some attempts."""
    row = {column.name: column.example for column in loaded.prototype.columns}
    one_s, all_s = (_time([row] * n_rows, loaded) for n_rows in (1, N_ROWS_TIMED))
    return one_s, max(0.0, all_s - one_s) / (N_ROWS_TIMED - 1)


def _time(rows: list[Json], loaded: LoadedModel) -> float:
    taken = []
    for _ in range(N_ATTEMPTS):
        started_at = time.perf_counter()
        loaded.predict_rows(rows)
        taken.append(time.perf_counter() - started_at)
    return min(taken)


class LiveModels:
    """The models that answer, by the project's slug; safe to use from many threads.

    Parameters
    ----------
    store : Store
        Where it says what is live.
    verify : callable, optional
        Raises unless a folder with a digest can be loaded; by default that is tried in a process made for it.
    """

    def __init__(self, store: Store, verify: Verify | None = None) -> None:
        self.store = store
        self._verify = verify
        self._served: dict[str, ServedModel] = {}
        self._failed: dict[str, tuple[int, float, str]] = {}
        self._tried: dict[str, int] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="live-models", daemon=True)

    def start(self) -> None:
        """Begin to follow what is live, and get ready to prove models."""
        if self._verify is None:
            prepare_to_run_apart()
        self._thread.start()

    def stop(self) -> None:
        """Stop following; a load under way is not waited for."""
        self._stopping.set()

    def get(self, slug: str) -> ServedModel:
        """Return what answers for a project, loading it first when nobody has asked before.

        Raises
        ------
        RefusalError
            404 when there is no such project or nothing is live for it, 503 when no version of it can be loaded.
        """
        served = self._served.get(slug)
        return served if served is not None else self._load_first(slug)

    def loaded_for(self, slug: str) -> ServedModel | None:
        """Return what answers for a project if it is loaded; never waits."""
        return self._served.get(slug)

    def is_settled(self, slug: str) -> bool:
        """Whether what is live for a project was loaded, or found not to be loadable."""
        return slug in self._served or slug in self._failed

    def loaded(self) -> list[ServedModel]:
        """Return what is loaded at the moment."""
        return list(self._served.values())

    def live_slugs(self) -> list[str]:
        """Return the slugs of all projects for which something is live."""
        projects = {project.id: project.slug for project in self.store.find(Project)}
        return sorted(projects[live.id] for live in self.store.releases.all() if live.id in projects)

    def _load_first(self, slug: str) -> ServedModel:
        project = self.store.newest(Project, slug=slug)
        live = self.store.releases.current(project.id) if project else None
        if project is None or live is None:
            raise RefusalError(
                404, "nothing_live", "Nothing is live under this address.", "Promote a model on Deploy model."
            )
        with self._locks[slug]:
            if slug not in self._served:
                self._served[slug] = self._load(project, live)
            return self._served[slug]

    def _load(self, project: Project, live: Deployment) -> ServedModel:
        """Load what is live or, where that cannot be trusted, the newest earlier release that can."""
        generation, failed_at, trouble = self._failed.get(project.slug, (0, 0.0, ""))
        if generation == live.generation and time.monotonic() - failed_at < RETRY_AFTER_S:
            raise RefusalError(503, "not_loadable", trouble, "Promote another version on Deploy model.")
        releases = self.store.find(Release, project_id=project.id)[::-1]
        versions = [live.model_version_id, *(release.model_version_id for release in releases)]
        trouble = ""
        for version_id in dict.fromkeys(versions):
            try:
                served = self._open(project, live, version_id)
            except LifecycleError as error:
                trouble = trouble or self._say_why(version_id, error)
                continue
            return self._add_canary(replace(served, trouble=trouble), None)
        self._failed[project.slug] = (live.generation, time.monotonic(), trouble)
        raise RefusalError(503, "not_loadable", trouble, "Promote another version on Deploy model.")

    def _say_why(self, version_id: str, error: LifecycleError) -> str:
        models = self.store.find(ModelVersion, id=version_id)
        trouble = f"Version {models[0].number if models else '?'} is not served: {error.message}"
        logger.warning("%s", trouble)
        return trouble

    def _follow(self) -> None:
        while not self._stopping.is_set():
            try:
                self.refresh()
                self._load_new()
            except (SQLAlchemyError, LifecycleError) as error:
                logger.warning("What is live could not be looked up: %s", error)
            self._stopping.wait(POLL_INTERVAL_S)

    def _load_new(self) -> None:
        """Load what is live before anybody asks for it; what cannot be loaded is tried again when somebody does."""
        known = {served.project.id for served in self._served.values()}
        for live in self.store.releases.all():
            if live.id in known or self._tried.get(live.id) == live.generation or self._stopping.is_set():
                continue
            with suppress(RefusalError):
                self.get(self.store.get(Project, live.id).slug)
            self._tried[live.id] = live.generation

    def refresh(self) -> None:
        """Bring what is loaded to what is live; requests go on being answered by what was loaded before."""
        live = {deployment.id: deployment for deployment in self.store.releases.all()}
        for slug, served in list(self._served.items()):
            deployment = live.get(served.project.id)
            if deployment is None:
                self._served.pop(slug, None)
            elif deployment.generation != served.deployment.generation:
                self._served[slug] = self._successor(served, deployment)

    def _successor(self, served: ServedModel, live: Deployment) -> ServedModel:
        """Return what answers from now on; what is loaded already, as live or as canary, is not loaded again."""
        known = {one.model.id: one for one in (served, served.canary) if one is not None}
        try:
            found = known.get(live.model_version_id) or self._open(served.project, live, live.model_version_id)
            following = replace(found, deployment=live, trouble="")
        except NotReadyError as error:
            # The machine was too busy to prove the model: the next look tries again.
            logger.warning("Not loaded yet: %s", error)
            return served
        except LifecycleError as error:
            following = replace(served, deployment=live, trouble=self._say_why(live.model_version_id, error))
        canary = live.plan.canary
        return self._add_canary(following, known.get(canary.model_version_id) if canary else None)

    def _add_canary(self, served: ServedModel, known: ServedModel | None) -> ServedModel:
        """Return what answers with the canary that is planned; one that cannot be loaded gets no request."""
        planned = served.deployment.plan.canary
        if planned is None or planned.model_version_id == served.model.id:
            return replace(served, canary=None)
        try:
            canary = known or self._open(served.project, served.deployment, planned.model_version_id)
        except LifecycleError as error:
            trouble = f"{served.trouble} {self._say_why(planned.model_version_id, error)}".strip()
            return replace(served, canary=None, trouble=trouble)
        return replace(served, canary=replace(canary, deployment=served.deployment, canary=None, trouble=""))

    def _open(self, project: Project, live: Deployment, version_id: str) -> ServedModel:
        """Load a version that may answer; NotFoundError, BadInputError or NotReadyError when it may not or cannot."""
        model = self.store.get(ModelVersion, version_id)
        if model.status != "approved":
            raise BadInputError("Nobody has approved it.", "Ask a second person to approve it.")
        return get_ready(project, live, model, load_model(self.store, version_id, verify=self._verify))
