"""The queue of long work: who takes which job, who is still alive, who was asked to stop."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Engine, func, or_, select, update

from core import records
from core.store.tables import TABLES, to_record, to_row

JOB = TABLES[records.Job]
MAX_ATTEMPTS = 3


class JobQueue:
    """Jobs in the database, taken in turn over the projects so that one project cannot starve the others."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def claim(self, now: datetime) -> records.Job | None:
        """Take the next queued job: that of the project with the fewest running jobs, oldest first.

        Returns
        -------
        Job or None
            The job, now running with a fresh heartbeat; None when nothing waits.
        """
        with self.engine.begin() as connection:
            counts = select(JOB.c.project_id, func.count()).where(JOB.c.status == "running").group_by(JOB.c.project_id)
            busy = {row[0]: row[1] for row in connection.execute(counts)}
            query = select(JOB).where(JOB.c.status == "queued").order_by(JOB.c.id)
            # On PostgreSQL two runners must not take the same row; SQLite ignores the clause and is serial anyway.
            rows = connection.execute(query.with_for_update(skip_locked=True)).mappings().all()
            if not rows:
                return None
            job = to_record(records.Job, min(rows, key=lambda row: (busy.get(row["project_id"], 0), row["id"])))
            claimed = replace(
                job,
                status="running",
                heartbeat_at=now,
                started_at=job.started_at or now,
                n_attempts=job.n_attempts + 1,
            )
            row = to_row(claimed)
            changes = {name: row[name] for name in ("status", "heartbeat_at", "started_at", "n_attempts")}
            connection.execute(update(JOB).where(JOB.c.id == job.id).values(**changes))
            return claimed

    def beat(self, job_id: str, now: datetime) -> bool:
        """Refresh a running job's heartbeat; return whether it was asked to stop."""
        with self.engine.begin() as connection:
            connection.execute(update(JOB).where(JOB.c.id == job_id).values(heartbeat_at=now))
            return bool(connection.scalar(select(JOB.c.stop_requested).where(JOB.c.id == job_id)))

    def request_stop(self, job_id: str, now: datetime) -> None:
        """Ask a job to stop; one that still waits in the queue is stopped at once."""
        with self.engine.begin() as connection:
            mine = JOB.c.id == job_id
            connection.execute(update(JOB).where(mine).values(stop_requested=True))
            connection.execute(
                update(JOB)
                .where(mine, JOB.c.status == "queued")
                .values(status="stopped", ended_at=now, message="Stopped before it began.")
            )

    def revive(self, now: datetime, silent_for: timedelta) -> int:
        """Put running jobs whose runner has died back into the queue; give up on those tried too often.

        Returns
        -------
        int
            Number of jobs that were found dead.
        """
        dead = (JOB.c.status == "running") & or_(JOB.c.heartbeat_at.is_(None), JOB.c.heartbeat_at < now - silent_for)
        with self.engine.begin() as connection:
            stopped = connection.execute(
                update(JOB).where(dead, JOB.c.stop_requested).values(status="stopped", ended_at=now, message="Stopped.")
            )
            failed = connection.execute(
                update(JOB)
                .where(dead, JOB.c.n_attempts >= MAX_ATTEMPTS)
                .values(
                    status="failed",
                    ended_at=now,
                    error="The process doing this work died three times.",
                    hint="It may need more memory than there is. Try again with fewer rows or families.",
                )
            )
            queued = connection.execute(
                update(JOB).where(dead).values(status="queued", message="Interrupted; it will start again in a moment.")
            )
            return int(stopped.rowcount + failed.rowcount + queued.rowcount)
