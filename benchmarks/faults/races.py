"""Two people promote different versions at the same moment, each having seen the same one live."""

import shutil
import threading
from pathlib import Path

from benchmarks.faults.worlds import Made
from benchmarks.goals import at_least
from core import deploy
from core.errors import ConflictError
from core.records import Json
from core.store import Store, open_store
from tests.model_worlds import copy_version

PEOPLE = ("Cleo", "Dora")


def measure(made: Made, folder: Path, *, quick: bool) -> Json:
    """Return the goals: one winner each, and the other is told so."""
    n_races = 10 if quick else 200
    shutil.copytree(made.home, folder / "home")
    stores = [open_store(folder / "home") for _ in PEOPLE]
    versions = [copy_version(stores[0], made.model, number=2 + number) for number in range(2 * len(PEOPLE))]
    won = []
    for number in range(n_races):
        mine = versions[number % 2 :: 2]
        outcomes = _race(stores, [version.id for version in mine], made.world.project.id)
        live = stores[0].releases.current(made.world.project.id)
        winners = [version.id for version, outcome in zip(mine, outcomes, strict=True) if outcome == "won"]
        is_right = winners == [live.model_version_id if live else ""] and outcomes.count("told") == 1
        won.append(is_right)
    for store in stores:
        store.engine.dispose()
    print(f"  {n_races} races, {sum(won)} with one winner and one who was told")
    return {"promotion_races_with_one_winner": at_least(sum(won), n_races)}


def _race(stores: list[Store], version_ids: list[str], project_id: str) -> list[str]:
    live = stores[0].releases.current(project_id)
    outcomes = [""] * len(stores)
    gate = threading.Barrier(len(stores))

    def promote(number: int) -> None:
        gate.wait()
        try:
            deploy.promote_model(
                stores[number],
                version_ids[number],
                by=PEOPLE[number],
                seen_generation=live.generation if live else 0,
            )
            outcomes[number] = "won"
        except ConflictError:
            outcomes[number] = "told"

    threads = [threading.Thread(target=promote, args=(number,)) for number in range(len(stores))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
