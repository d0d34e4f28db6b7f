"""The store: one object through which everything that lasts is written and read."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, Table, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.errors import ConflictError, NotFoundError
from core.store.alert_desk import AlertDesk
from core.store.database import migrate, open_engine
from core.store.files import Files
from core.store.human_queue import HumanQueue
from core.store.job_queue import JobQueue
from core.store.kept_answers import KeptAnswers
from core.store.outbox import Outbox
from core.store.prediction_log import PredictionLog
from core.store.release_desk import ReleaseDesk
from core.store.shadow_log import ShadowLog
from core.store.tables import TABLES, to_record, to_row

R = TypeVar("R")

DEFAULT_HOME = Path(".full_circle")


class Store:
    """Records in the database and files in the home folder.

    `add`, `get`, `find`, `update` and `remove` work on any record that has an `id`. What needs more care has its own
    part: `jobs` (the queue), `releases` (what is live), `log` (live traffic), `people` (rows that a person answers),
    `shadows` (answers that nobody got), `alerts` and their `outbox`, and `answers` (given once to requests that are
    sent again); `files` knows where files are.
    """

    def __init__(self, engine: Engine, home: Path) -> None:
        self.engine = engine
        self.files = Files(home)
        self.jobs = JobQueue(engine)
        self.releases = ReleaseDesk(engine)
        self.log = PredictionLog(engine)
        self.answers = KeptAnswers(engine)
        self.alerts = AlertDesk(engine)
        self.outbox = Outbox(engine)
        self.people = HumanQueue(engine)
        self.shadows = ShadowLog(engine)

    @property
    def home(self) -> Path:
        """The folder that holds the store's files."""
        return self.files.home

    def add(self, record: R) -> R:
        """Write a new record and return it.

        Raises
        ------
        ConflictError
            When there is already a record with this id.
        """
        self.add_all([record])
        return record

    def add_all(self, new: Sequence[Any]) -> None:
        """Write several new records, all or none."""
        try:
            with self.engine.begin() as connection:
                for record in new:
                    connection.execute(insert(TABLES[type(record)]).values(**to_row(record)))
        except IntegrityError as error:
            raise ConflictError("This already exists.", "Load the page again to see it.") from error

    def get(self, record_type: type[R], record_id: str) -> R:
        """Return one record.

        Raises
        ------
        NotFoundError
            When there is none with this id.
        """
        table = TABLES[record_type]
        with self.engine.connect().execution_options(read_only=True) as connection:
            row = connection.execute(select(table).where(table.c.id == record_id)).mappings().first()
        if row is None:
            name = table.name.replace("_", " ")
            raise NotFoundError(f"There is no such {name} (any more).", "Go back and choose another one.")
        return to_record(record_type, row)

    def find(self, record_type: type[R], *, newest: int | None = None, **equals: Any) -> list[R]:
        """Return the records whose fields equal the given values, oldest first.

        Parameters
        ----------
        newest : int, optional
            Keep only the last so many.
        **equals
            Field names and values.
        """
        table = TABLES[record_type]
        query = select(table).where(*(table.c[name] == value for name, value in equals.items()))
        query = query.order_by(table.c.id.desc())
        if newest is not None:
            query = query.limit(newest)
        with self.engine.connect().execution_options(read_only=True) as connection:
            rows = list(connection.execute(query).mappings())
        return [to_record(record_type, row) for row in reversed(rows)]

    def newest(self, record_type: type[R], **equals: Any) -> R | None:
        """Return the newest record whose fields equal the given values; None when there is none."""
        found = self.find(record_type, newest=1, **equals)
        return found[0] if found else None

    def count(self, record_type: type, **equals: Any) -> int:
        """Return how many records have the given values."""
        table = TABLES[record_type]
        query = select(func.count()).select_from(table)
        query = query.where(*(table.c[name] == value for name, value in equals.items()))
        with self.engine.connect().execution_options(read_only=True) as connection:
            return int(connection.scalar(query) or 0)

    def update(self, record: R, **changes: Any) -> R:
        """Change some fields of a stored record, leaving the others as they are in the database.

        Returns
        -------
        record
            The record handed in with the changes.

        Raises
        ------
        NotFoundError
            When the record is gone.
        """
        table = TABLES[type(record)]
        changed: R = replace(record, **changes)  # type: ignore[type-var]
        row = to_row(changed)
        record_id = row["id"]
        with self.engine.begin() as connection:
            values = {name: row[name] for name in changes}
            result = connection.execute(update(table).where(table.c.id == record_id).values(**values))
        if result.rowcount == 0:
            name = table.name.replace("_", " ")
            raise NotFoundError(f"There is no such {name} (any more).", "Go back and choose another one.")
        return changed

    def remove(self, record_type: type, **equals: Any) -> int:
        """Delete the records that have the given values; return how many."""
        table: Table = TABLES[record_type]
        with self.engine.begin() as connection:
            conditions = [table.c[name] == value for name, value in equals.items()]
            return int(connection.execute(delete(table).where(*conditions)).rowcount)


def open_store(home: Path | str | None = None, database_url: str | None = None) -> Store:
    """Open the store, creating folder and tables when they are not there yet.

    Parameters
    ----------
    home : path, optional
        Folder of the store's files; default: the environment variable FULL_CIRCLE_HOME, else `.full_circle`.
    database_url : str, optional
        Address of the database; default: FULL_CIRCLE_DATABASE, else a SQLite file in the home folder.

    Raises
    ------
    BadInputError
        When the address names a kind of database the store cannot live in.
    """
    folder = Path(home or os.environ.get("FULL_CIRCLE_HOME") or DEFAULT_HOME).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    url = database_url or os.environ.get("FULL_CIRCLE_DATABASE") or f"sqlite:///{folder / 'store.db'}"
    engine = open_engine(url)
    migrate(engine)
    return Store(engine, folder)
