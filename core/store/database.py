"""Opening the database: SQLite in a file by default, PostgreSQL by URL; brought to the present shape by alembic."""

from pathlib import Path
from typing import Any

import pydantic_core
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url

from core.errors import BadInputError

MIGRATIONS = Path(__file__).parent / "migrations"
DRIVERS = ("sqlite", "postgresql", "postgresql+psycopg")
BUSY_TIMEOUT_S = 30.0


def open_engine(url: str) -> Engine:
    """Return an engine for the store's database.

    Raises
    ------
    BadInputError
        When the address names another kind of database than SQLite or PostgreSQL.
    """
    driver = make_url(url).drivername
    if driver not in DRIVERS:
        raise BadInputError(
            f"The store cannot live in a database of the kind '{driver}'.",
            "Use SQLite (the default) or PostgreSQL: set FULL_CIRCLE_DATABASE to a postgresql:// address.",
        )
    if driver != "sqlite":
        return create_engine(url, pool_pre_ping=True, json_serializer=to_json, json_deserializer=from_json)
    connect = {"timeout": BUSY_TIMEOUT_S, "check_same_thread": False}
    engine = create_engine(url, connect_args=connect, json_serializer=to_json, json_deserializer=from_json)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def to_json(value: Any) -> str:
    """Return a nested value as JSON text, NaN and infinity as null; ten times as fast as Python's own."""
    return pydantic_core.to_json(value, inf_nan_mode="null").decode()


def from_json(text: str | bytes) -> Any:
    """Return what JSON text says; five times as fast as Python's own."""
    return pydantic_core.from_json(text)


def _configure_sqlite(connection: Any, _record: Any) -> None:
    """Turn on write-ahead logging, so that readers never wait for the writer, and take over BEGIN ourselves."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_immediate(connection: Connection) -> None:
    """Begin writing transactions IMMEDIATE: a deferred one can fail half way when it turns into a writer."""
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def migrate(engine: Engine) -> None:
    """Bring the database to the newest shape; safe when several processes start at once."""
    if _revision(engine) == newest_revision():
        return
    # Imported here, as every start of the service would wait a quarter of a second for what it hardly ever needs.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(70461)")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def newest_revision() -> str:
    """Return the name of the newest shape: the number with which the file of its migration begins."""
    return max(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _revision(engine: Engine) -> str | None:
    """Return the name of the database's shape; None for a new one."""
    with engine.connect().execution_options(read_only=True) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found


def take_turn(connection: Connection, project_id: str) -> None:
    """Let this transaction be the only one of its project that looks first and then writes, until it ends.

    SQLite's BEGIN IMMEDIATE already sees to it. PostgreSQL cannot lock a row that is not there yet, so we lock a name.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:project_id))"), {"project_id": project_id})
