"""A million rows stream through: little memory, no row lost."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core import collect

N_ROWS = 1_000_000
MAX_MB = 1_200
PROGRAM = """
import resource, sys
from pathlib import Path
from core import collect, plan
from core.store import open_store

store = open_store(sys.argv[1])
project = plan.create_project(store, "Large", by="ann")
version = collect.add_dataset(store, project.id, Path(sys.argv[2]), filename="large.csv", by="ann")
profile = collect.profile_dataset(store, version.id)
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(version.n_rows, profile.column("id").n_distinct, round(profile.column("id").mean), round(peak_mb))
"""


@pytest.mark.slow
def test_a_million_rows_are_read_and_profiled_within_bounded_memory(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({f"x{n}": rng.normal(size=N_ROWS) for n in range(8)})
    frame["id"] = np.arange(N_ROWS)
    frame["town"] = rng.choice(["Köln", "Århus", "Łódź"], N_ROWS)
    frame["note"] = "a longer note that takes some place in each of the rows, number " + frame["id"].astype("str")
    path = tmp_path / "large.csv"
    frame.to_csv(path, index=False)
    del frame
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "home"), str(path)]
    answer = subprocess.run(
        command, check=True, capture_output=True, text=True
    ).stdout.split()  # and nothing else is printed
    n_rows, n_distinct, mean, peak_mb = map(int, answer)
    assert path.stat().st_size > 200_000_000
    assert (n_rows, n_distinct, mean) == (N_ROWS, N_ROWS, round((N_ROWS - 1) / 2))
    assert peak_mb < MAX_MB


def test_hundreds_of_columns_of_words_beside_amounts_fit_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    line = ";".join(["007", "a,b", "3,5"] * 110)
    path.write_text(";".join(f"s{n}" for n in range(330)) + "\n" + f"{line}\n" * 300, encoding="utf-8")
    table, _ = collect.read_table(path, "wide.csv")
    assert (table.num_rows, table.num_columns) == (300, 330)
