"""Bit flips and truncations in every file of a model's folder, for six families: is such a version ever served?

`python -m benchmarks.faults.damage HOME SLUG SEED N_FLIPS N_CUTS` does it for what is live in a home, in a process of
its own that a damaged file may end, through the very parts of the service that follow what is live. One in fifty is
opened in yet another process first, as the service does; the others in this one.
"""

import json
import logging
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.faults.worlds import ROWS, Made
from benchmarks.goals import at_least, at_most
from core.deploy.loading import open_model, verify_folder
from core.records import Json, ModelVersion, Release, utc_now
from core.serve.live_models import LiveModels
from core.store import Store, open_store
from tests.model_worlds import approve, copy_version, make_world, promote
from tests.running import ROOT

FAMILIES = ("linear", "naive_bayes", "decision_tree", "hist_gradient_boosting", "k_nearest_neighbors", "random_forest")
APART_EVERY = 50
FIRST_NUMBER = 100
SAID_EVERY = 60


def measure(_made: Made, folder: Path, *, quick: bool) -> Json:
    """Return the goals: none served, the champion answers after each."""
    n_flips, n_cuts = (12, 6) if quick else (300, 60)
    families = FAMILIES[:2] if quick else FAMILIES
    served = answered = 0
    for number, family in enumerate(families):
        home = folder / family
        store = open_store(home)
        world = make_world(store, "Late flights")
        promote(store, approve(store, world, family))
        store.engine.dispose()
        module = [sys.executable, "-m", "benchmarks.faults.damage", str(home), world.project.slug, str(number)]
        done = subprocess.run(
            [*module, str(n_flips), str(n_cuts)], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
        )
        found = json.loads(done.stdout.splitlines()[-1])
        print(
            f"  {family}: {n_flips} flips, {n_cuts} cuts, by file {found['files']}; {found['served']} served",
            flush=True,
        )
        served, answered = served + found["served"], answered + found["answered"]
        shutil.rmtree(home)
    return {
        "damaged_versions_served": at_most(served, 0),
        "champion_answered_after_damage": at_least(answered, len(families) * (n_flips + n_cuts)),
    }


def damage_all(home: Path, slug: str, seed: int, n_flips: int, n_cuts: int) -> Json:
    """Damage copies of what is live, each file in its turn; return how many were served, and how often it answered."""
    rng = random.Random(seed)
    store = open_store(home)
    verified = 0

    def verify(folder: Path, digest: str) -> None:
        nonlocal verified
        verified += 1
        (verify_folder if verified % APART_EVERY == 1 else open_model)(folder, digest)

    live = LiveModels(store, verify)
    champion = live.get(slug).model
    files = sorted(path.name for path in store.files.model(champion.id).iterdir())
    found: dict[str, Any] = {"served": 0, "answered": 0, "files": dict.fromkeys(files, 0)}
    for number in range(n_flips + n_cuts):
        name = files[number % len(files)]
        version = copy_version(store, champion, number=FIRST_NUMBER + number)
        path = store.files.model(version.id) / name
        _flip(path, rng) if number < n_flips else _cut(path, rng)
        _make_live(store, champion, version.id)
        live.refresh()
        served = live.get(slug)
        found["served"] += served.model.id != champion.id or not served.trouble
        found["answered"] += len(served.loaded.predict_rows(ROWS).predictions) == len(ROWS)
        found["files"][name] += 1
        shutil.rmtree(path.parent)
        if (number + 1) % SAID_EVERY == 0:
            print(f"    {number + 1} damaged, {found['served']} served", file=sys.stderr, flush=True)
    store.engine.dispose()
    return found


def _flip(path: Path, rng: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def _cut(path: Path, rng: random.Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: rng.randrange(len(content))])


def _make_live(store: Store, champion: ModelVersion, version_id: str) -> None:
    """Do what a promotion does to the store; the check of the files that comes before it is left out on purpose."""
    current = store.releases.current(champion.project_id)
    seen = current.generation if current else 0
    last = store.find(Release, project_id=champion.project_id)[-1]
    release = replace(last, id=f"r{seen + 1}", model_version_id=version_id, generation=seen + 1)
    store.releases.swap(release, seen_generation=seen, now=utc_now())


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    print(json.dumps(damage_all(Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:6]))))
