"""A store from before counts were packed keeps every count, and learns whose its labels are."""

import json
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from core.store import database
from core.store.store import Store

MINUTE = "2026-03-01 12:00:00.000000"


def move(engine: Engine, revision: str, *, down: bool = False) -> None:
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)


def test_counts_stay_and_labels_are_counted(tmp_path: Path) -> None:
    engine = database.open_engine(f"sqlite:///{tmp_path / 'store.db'}")
    move(engine, "0010")
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO window VALUES ('p', 'm', :at, 3, 5, 1, 0, 0, :latency, :columns, :predictions)"),
            {
                "at": MINUTE,
                "latency": json.dumps([1, 2]),
                "columns": json.dumps({"size": [4, 1, 0]}),
                "predictions": json.dumps([2, 3]),
            },
        )
        connection.execute(
            text(
                "INSERT INTO prediction (id, project_id, model_version_id, request_id, inputs, prediction, latency_ms, "
                "simulated, predicted_at) VALUES ('a', 'p', 'm', 'r', '{}', '\"no\"', 1.0, 0, :at)"
            ),
            {"at": MINUTE.replace("12:00:00", "12:00:41")},
        )
        connection.execute(
            text("INSERT INTO label (id, project_id, value, simulated, received_at) VALUES ('a', 'p', '1', 0, :at)"),
            {"at": MINUTE},
        )
    database.migrate(engine)
    store = Store(engine, tmp_path)
    (window,) = store.log.windows("p")
    assert (window.n_requests, window.n_rows, window.n_refused, window.n_labelled) == (3, 5, 1, 1)
    assert (window.latency, window.columns, window.predictions) == ((1, 2), {"size": (4, 1, 0)}, (2, 3))
    assert (window.n_minutes, window.scores, window.unknown) == (1, (), {})
    (answer,) = store.log.labelled_answers("p", newest=9, model_version_id="m")
    assert (answer.label, answer.prediction) == (1, "no")
    move(engine, "0010", down=True)
    with engine.begin() as connection:
        row = connection.execute(text("SELECT n_rows, columns, latency FROM window")).one()
    assert (row[0], json.loads(row[1]), json.loads(row[2])) == (5, {"size": [4, 1, 0]}, [1, 2])
    engine.dispose()
