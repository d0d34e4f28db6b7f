"""One of the peers, run by the Python of its own environment: `peer.py NAME TASK.json`, prints its findings as JSON.

The task says which rows to draw (see `worlds`), for timing or for alarms. Loading and drawing are not timed.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))
warnings.simplefilter("ignore")

import worlds  # noqa: E402


def flag_evidently(reference: pd.DataFrame, current: pd.DataFrame) -> tuple[float, set[str], bool]:
    """Return the seconds, the columns that Evidently's preset flags, and whether it calls the whole drifted."""
    from evidently import Report
    from evidently.presets import DataDriftPreset

    started_at = time.perf_counter()
    found = Report([DataDriftPreset()]).run(current, reference).dict()["metrics"]
    seconds = time.perf_counter() - started_at
    flagged, share = set(), 0.0
    for metric in found:
        settings = metric["config"]
        if "column" not in settings:
            share = metric["value"]["share"]
            continue
        value, border = float(metric["value"]), settings["threshold"]
        if value < border if "p_value" in settings["method"] else value >= border:
            flagged.add(settings["column"])
    return seconds, flagged, share >= 0.5


def flag_nannyml(reference: pd.DataFrame, current: pd.DataFrame) -> tuple[float, set[str], bool]:
    """Return the seconds and the columns for which NannyML alerts in most chunks of the live rows.

    Its thresholds come from chunks of the reference, of which there have to be ten: so many live rows are one chunk.
    """
    from nannyml.drift.univariate import UnivariateDriftCalculator

    started_at = time.perf_counter()
    names = list(reference.columns)
    calculator = UnivariateDriftCalculator(
        column_names=names,
        continuous_methods=["jensen_shannon"],
        categorical_methods=["jensen_shannon"],
        chunk_size=min(len(current), len(reference) // 10),
    )
    calculator.fit(reference)
    result = calculator.calculate(current).filter(period="analysis").to_df()
    seconds = time.perf_counter() - started_at
    flagged = {name for name in names if result[name]["jensen_shannon"]["alert"].mean() > 0.5}
    return seconds, flagged, bool(flagged)


FLAG = {"evidently": flag_evidently, "nannyml": flag_nannyml}


def main() -> None:
    """Do the task of the command line."""
    flag, task = FLAG[sys.argv[1]], json.loads(Path(sys.argv[2]).read_text())
    reference = worlds.draw(task["n_reference"], 0, task["n_columns"])
    found = []
    for seed in task["seeds"]:
        current, truth = worlds.draw_case(task["case"], task["n_rows"], seed)
        seconds, flagged, overall = flag(reference, current)
        found.append({"seconds": seconds, "flagged": sorted(flagged), "truth": sorted(truth), "overall": overall})
    print(json.dumps(found))


if __name__ == "__main__":
    main()
