"""What is live and planned for a project, changed by compare-and-swap: of two who change it at once, one is told."""

from datetime import datetime

from sqlalchemy import Engine, insert, select, update

from core import records
from core.errors import ConflictError
from core.store.database import take_turn
from core.store.tables import TABLES, to_record, to_row

DEPLOYMENT = TABLES[records.Deployment]
RELEASE = TABLES[records.Release]
LAP = TABLES[records.Lap]


class ReleaseDesk:
    """The one pointer a project has to the model version that is served."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def swap(
        self, release: records.Release, *, seen_generation: int, now: datetime, lap: records.Lap | None = None
    ) -> records.Deployment:
        """Change what is live or planned, if nothing changed since the person looked.

        Parameters
        ----------
        release : Release
            What is live and planned from now on, and by whom; its `generation` must be `seen_generation + 1`.
        seen_generation : int
            The generation the person saw; 0 when nothing was live.
        now : datetime
            The moment of the change; a version that stays live keeps its own.
        lap : Lap, optional
            The lap that the change completes, written with it or not at all.

        Raises
        ------
        ConflictError
            When someone else changed what is live in the meantime.
        """
        with self.engine.begin() as connection:
            take_turn(connection, release.project_id)
            mine = DEPLOYMENT.c.id == release.project_id
            row = connection.execute(select(DEPLOYMENT).where(mine)).mappings().first()
            present = to_record(records.Deployment, row) if row else None
            if (present.generation if present else 0) != seen_generation:
                raise ConflictError(
                    "Someone else changed what is live while you were looking.",
                    "Look at what is live now, then decide again.",
                )
            deployment = _deploy(release, present, now)
            change = update(DEPLOYMENT).where(mine) if present else insert(DEPLOYMENT)
            connection.execute(change.values(**to_row(deployment)))
            connection.execute(insert(RELEASE).values(**to_row(release)))
            if lap is not None:
                connection.execute(insert(LAP).values(**to_row(lap)))
        return deployment

    def current(self, project_id: str) -> records.Deployment | None:
        """Return what is live for a project; None when nothing is."""
        with self.engine.connect().execution_options(read_only=True) as connection:
            query = select(DEPLOYMENT).where(DEPLOYMENT.c.id == project_id)
            row = connection.execute(query).mappings().first()
            return to_record(records.Deployment, row) if row else None

    def all(self) -> list[records.Deployment]:
        """Return what is live, over all projects."""
        with self.engine.connect().execution_options(read_only=True) as connection:
            rows = connection.execute(select(DEPLOYMENT).order_by(DEPLOYMENT.c.id)).mappings()
            return [to_record(records.Deployment, row) for row in rows]


def _deploy(release: records.Release, present: records.Deployment | None, now: datetime) -> records.Deployment:
    """Return what is live after a release; who made a version live, and when, stays as long as the version does."""
    stays = present is not None and present.model_version_id == release.model_version_id
    return records.Deployment(
        id=release.project_id,
        model_version_id=release.model_version_id,
        generation=release.generation,
        promoted_by=present.promoted_by if present and stays else release.promoted_by,
        promoted_at=present.promoted_at if present and stays else now,
        plan=release.plan,
    )
