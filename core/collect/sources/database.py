"""A table or one SELECT from a database, in a session that can only read, up to a number of rows and seconds."""

import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import URL, CursorResult, make_url
from sqlalchemy.exc import ArgumentError, NoSuchTableError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from core.collect import staging
from core.collect.column_report import report_columns
from core.collect.layout import MAX_COLUMNS, unique_names
from core.collect.proving import columns_of, write_typed_rows
from core.collect.rules import Rules
from core.collect.sources.guard import PRIVATE_HINT, check_host, private_allowed
from core.collect.sources.rows import MAX_SECONDS, ROWS_A_CHUNK, Rows
from core.collect.sources.watch import Watch
from core.errors import BadInputError
from core.records import Column, ColumnKind, Json, Reading

CONNECT_SECONDS = 10
MAX_VALUE_BYTES = 10_000_000
DRIVERS = {
    **dict.fromkeys(("postgresql", "postgres", "postgresql+psycopg"), "postgresql+psycopg"),
    **dict.fromkeys(("mysql", "mariadb", "mysql+pymysql", "mariadb+pymysql"), "mysql+pymysql"),
    "sqlite": "sqlite",
}
PORTS = {"postgresql+psycopg": 5432, "mysql+pymysql": 3306}
QUERY = {"postgresql+psycopg": {"sslmode", "host"}, "mysql+pymysql": {"charset"}, "sqlite": set[str]()}
NO_FILE = f"{os.devnull}/none"
"""The passwords that lie in the server's home are not for those who use its pages."""
SQLITE_ALLOWED = frozenset(
    (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE, 19, 22)
)
"""What a statement may do in SQLite; 19 is PRAGMA, which lists tables, and 22 BEGIN."""
QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/", re.DOTALL)


def split_url(url: str) -> tuple[str, str]:
    """Return a database's address without its password, and the password.

    Raises
    ------
    BadInputError
        When it is no address, or of a kind of database that cannot be read.
    """
    try:
        parsed = make_url(url.strip())
        driver = DRIVERS.get(parsed.drivername)
    except (ArgumentError, ValueError) as error:
        raise BadInputError(
            "This is not the address of a database.", "It looks like postgresql://name@host:5432/database."
        ) from error
    if driver is None:
        raise BadInputError("This kind of database cannot be read.", "Use PostgreSQL, MySQL, MariaDB or SQLite.")
    unknown = sorted(set(parsed.query) - QUERY[driver])
    if unknown:
        raise BadInputError(f"The address has a setting that is not allowed: {unknown[0]}.", "Leave it out.")
    password = str(parsed.password or "")
    dialect = driver.split("+")[0]
    plain = URL.create(dialect, parsed.username, None, parsed.host, parsed.port, parsed.database, parsed.query)
    return plain.render_as_string(hide_password=False), password


def check_select(statement: str) -> str:
    """Return one SELECT without the semicolon at its end.

    Raises
    ------
    BadInputError
        When it is anything else.
    """
    statement = statement.strip().rstrip(";").strip()
    bare = QUOTED.sub(" ", statement).strip().lower()
    into_file = re.search(r"outfile|dumpfile", statement, re.IGNORECASE)  # Quotes mean other things to MySQL.
    if not re.match(r"(select|with)\b", bare) or ";" in bare or re.search(r"\binto\b", bare) or into_file:
        raise BadInputError("Only one SELECT can be run.", "Write a statement that starts with SELECT and only reads.")
    return statement


def list_tables(settings: Json, secret: str, home: Path) -> tuple[str, ...]:
    """Return the tables and views of a database, those of the usual schema.

    Raises
    ------
    BadInputError
        When it is refused, or does not answer.
    """
    with _open(settings, secret, home) as connection:
        found = inspect(connection)
        return tuple(sorted([*found.get_table_names(), *found.get_view_names()]))


def read_database(
    settings: Json, secret: str, target: Path, workspace: Path, watch: Watch
) -> tuple[tuple[Column, ...], Reading]:
    """Write a table, or what a SELECT gives, as typed Parquet; return its columns and how it was read.

    Parameters
    ----------
    settings : dict
        `url` without password, and `table` or `query`.
    """
    with (
        tempfile.TemporaryDirectory(dir=workspace) as folder,
        staging.open_staging(Path(folder)) as duck,
        _open(settings, secret, workspace.parent, watch) as connection,
    ):
        watch.say("The database is at work")
        result = _run(connection, settings)
        names = list(result.keys())
        if len(names) > MAX_COLUMNS:
            raise BadInputError(f"There are {len(names):,} columns.", f"At most {MAX_COLUMNS:,} can be read.")
        rows, rectangular = Rows(result, watch), Path(folder) / "rows.parquet"
        taken = staging.write_rectangular(rows.read(), len(names), rectangular)
        if not taken.n_rows:
            raise BadInputError("The table has no rows.", "Choose another one, or change the SELECT.")
        staging.load_parquet(duck, rectangular)
        unique = unique_names(names)
        kinds: dict[int, ColumnKind] = dict.fromkeys(rows.only_numbers, "number")
        proofs = write_typed_rows(duck, unique, target, Rules(), texts=rows.texts, kinds=kinds)
        decisions = [*rows.decisions(), *report_columns(duck, unique, proofs)]
    kind = make_url(settings["url"]).get_backend_name()
    name = {"postgresql": "PostgreSQL", "mysql": "MySQL", "sqlite": "SQLite"}[kind]
    return columns_of(unique, proofs), Reading(
        name, n_rows_in=taken.n_rows, n_rows_kept=taken.n_rows, decisions=tuple(decisions)
    )


def _run(connection: Connection, settings: Json) -> CursorResult[Any]:
    if settings.get("query"):
        statement = check_select(settings["query"])
    else:
        table = settings.get("table") or ""
        found = inspect(connection)
        if table not in [*found.get_table_names(), *found.get_view_names()]:
            raise BadInputError(f"There is no table '{table}' in the database (any more).", "Choose another one.")
        quote = connection.dialect.identifier_preparer.quote_identifier
        key = [] if table in found.get_view_names() else found.get_pk_constraint(table)["constrained_columns"]
        order = f" ORDER BY {', '.join(map(quote, key))}" if key else ""
        statement = f"SELECT * FROM {quote(table)}{order}"  # noqa: S608
    # As it is written: no colon or percent sign in it means anything to us.
    options = {"stream_results": True, "no_parameters": True, "max_row_buffer": ROWS_A_CHUNK}
    return connection.exec_driver_sql(statement, execution_options=options)


@contextmanager
def _open(settings: Json, secret: str, home: Path, watch: Watch | None = None) -> Iterator[Connection]:
    """Open a connection that can only read; what goes wrong on it is told without the password."""
    engine, watch = None, watch or Watch()
    try:
        engine = _engine(settings["url"], secret, home)
        with engine.connect() as connection, watch.interrupting(partial(_interrupt, engine, connection)):
            yield connection
    except NoSuchTableError as error:
        raise BadInputError("The table is gone.", "Choose another one.") from error
    except ModuleNotFoundError as error:
        raise BadInputError("The driver for this database is not installed.", f"Install {error.name}.") from error
    except SQLAlchemyError as error:
        watch.raise_if_stopped()
        message = said_by(error).rstrip(".")
        message = message.replace(secret, "***") if secret else message
        raise BadInputError(f"The database says: {message}.", "Check address, name, password and SELECT.") from None
    finally:
        if engine is not None:
            engine.dispose()


def said_by(error: SQLAlchemyError) -> str:
    """Return the first line of what a database says, without the driver's own trimmings."""
    said: object = getattr(error, "orig", None) or error
    arguments: tuple[object, ...] = getattr(said, "args", ())
    if len(arguments) > 1 and isinstance(arguments[0], int):  # MySQL's number of the error, then the words.
        said = arguments[1]
    lines = [line for line in str(said).splitlines() if line.strip()]
    return lines[0].strip() if lines else "no reason given"


def _interrupt(engine: Engine, connection: Connection) -> None:
    """End what the database does for a connection; called from another thread."""
    driver: Any = connection.connection.driver_connection
    with suppress(SQLAlchemyError, OSError, BadInputError):
        if engine.dialect.name == "postgresql":
            driver.cancel_safe(timeout=CONNECT_SECONDS)
        elif engine.dialect.name == "sqlite":
            driver.interrupt()
        else:
            with engine.connect() as other:
                other.exec_driver_sql(f"KILL QUERY {int(driver.thread_id())}")


def _engine(url: str, secret: str, home: Path) -> Engine:
    plain, password = split_url(url)
    parsed = make_url(plain)
    parsed = parsed.set(drivername=DRIVERS[parsed.drivername])
    if parsed.drivername == "sqlite":
        return _sqlite_engine(parsed, home)
    address = _checked_address(parsed)
    if parsed.drivername == "mysql+pymysql":
        engine = create_engine(
            parsed.set(host=address, password=secret or password or None),
            poolclass=NullPool,
            connect_args={"connect_timeout": CONNECT_SECONDS, "read_timeout": CONNECT_SECONDS, "local_infile": False},
        )
        event.listen(engine, "connect", _read_only_mysql)
        return engine
    options = f"-c default_transaction_read_only=on -c statement_timeout={MAX_SECONDS * 1000}"
    arguments: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, "options": options, "passfile": NO_FILE}
    if address:
        arguments["hostaddr"] = address
    return create_engine(parsed.set(password=secret or password or None), poolclass=NullPool, connect_args=arguments)


def _checked_address(url: URL) -> str:
    """Return the address to connect to; empty for a socket on this machine."""
    sockets = url.query.get("host")
    if url.host and not sockets and not url.host.startswith("/") and "," not in url.host:
        return check_host(url.host, url.port or PORTS[url.drivername])
    if not private_allowed():
        raise BadInputError("The address names no host, or one on this server.", PRIVATE_HINT)
    if not isinstance(sockets, str) or not sockets.startswith("/") or "," in sockets or url.host:
        raise BadInputError("The address names no host.", "It looks like postgresql://name@host:5432/database.")
    return ""


def _read_only_mysql(connection: Any, _record: Any) -> None:
    # Whoever does not even greet in time is given up; a statement may take longer. PyMySQL has one setting for both.
    connection._read_timeout = MAX_SECONDS
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION READ ONLY")
        cursor.execute("SELECT VERSION()")
        is_mariadb = "mariadb" in str(cursor.fetchone()[0]).lower()
        limit = ("max_statement_time", MAX_SECONDS) if is_mariadb else ("max_execution_time", MAX_SECONDS * 1000)
        cursor.execute(f"SET SESSION {limit[0]} = {limit[1]}")


def _sqlite_engine(url: URL, home: Path) -> Engine:
    path = Path(url.database or "").resolve()
    offered, inside = home / "databases", path.is_relative_to(home.resolve())
    if not path.is_relative_to(offered.resolve()) and (inside or not private_allowed()):
        raise BadInputError(
            "This file on the server may not be read.",
            "Put the database into the folder 'databases' of Full Circle's home, or upload a table.",
        )
    if not path.is_file():
        raise BadInputError("There is no such database file.", "Check the path for typing errors.")

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, check_same_thread=False)
        connection.execute("PRAGMA query_only = ON")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
        connection.set_authorizer(
            lambda action, *_: sqlite3.SQLITE_OK if action in SQLITE_ALLOWED else sqlite3.SQLITE_DENY
        )
        deadline = time.monotonic() + MAX_SECONDS
        connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)
