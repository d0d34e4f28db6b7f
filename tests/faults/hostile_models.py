"""Model folders made to run commands, read other files or eat the machine; and what comes of loading them.

`python -m tests.faults.hostile_models HOME SLUG CANARY` makes each of them a version of its own whose manifest and
digest fit (an attacker who can change the store, too), makes it live, lets the service's own part look, and prints what
happened.
"""

import builtins
import functools
import io
import json
import operator
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import onnx
import pyarrow as pa
import pyarrow.parquet as pq
import skops.io
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from core.evaluate.model_folder import hash_file, write_manifest

Change = Callable[[Path, Path], None]
"""Changes a good folder; the second path is the canary that every payload tries to write."""
EXTERNAL = "weights.bin"


@dataclass(frozen=True)
class Hostile:
    """A folder: how it is made, and whether nothing reads what is hostile in it, so that it is served as it was."""

    name: str
    change: Change
    never_read: bool = False
    fits_by_itself: bool = False


class Payload:
    """Unpickled, it runs a command."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.canary}'",)


def pickled(name: str) -> Change:
    return lambda folder, canary: put(folder / name, pickle.dumps(Payload(canary)))


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def dumped_with_joblib(folder: Path, canary: Path) -> None:
    joblib.dump(Payload(canary), folder / "model.skops")


def transformer(make: Callable[[Path], Any]) -> Change:
    """A skops file whose pipeline calls something."""

    def change(folder: Path, canary: Path) -> None:
        with_function = FunctionTransformer(make(canary))
        skops.io.dump(Pipeline([("features", with_function), ("model", with_function)]), folder / "model.skops")

    return change


def schema(edit: Callable[[Any, Path], Any]) -> Change:
    """A skops file whose description was edited by hand."""

    def change(folder: Path, canary: Path) -> None:
        def edited(name: str, content: bytes) -> bytes:
            return json.dumps(edit(json.loads(content), canary)).encode() if name == "schema.json" else content

        repack(folder / "model.skops", edited)

    return change


def repack(path: Path, edit: Callable[[str, bytes], bytes], method: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, edit(name, content))


def first_step(found: Any) -> Any:
    """The description of a pipeline's first step within that of the pipeline."""
    return found["content"]["content"]["steps"]["content"][0]["content"][1]


def named(module: str, name: str, loader: str = "ObjectNode") -> Callable[[Any, Path], Any]:
    def edit(found: Any, _canary: Path) -> Any:
        first_step(found).update({"__module__": module, "__class__": name, "__loader__": loader})
        return found

    return edit


def called(found: Any, canary: Path) -> Any:
    """A step is made by calling something with the canary's path."""
    command = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "is_json": True, "__id__": 1}
    command["content"] = json.dumps(f"touch '{canary}'")
    arguments = {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": [command]}
    first_step(found).update(
        {"__class__": "system", "__module__": "posix", "__loader__": "ReduceNode", "content": arguments}
    )
    return found


def pickled_arrays(suffix: str) -> Change:
    """Arrays within the skops file hold a pickle."""

    def change(folder: Path, canary: Path) -> None:
        buffer = io.BytesIO()
        array = np.array([Payload(canary)], dtype=object)
        np.save(buffer, array, allow_pickle=True) if suffix == "npy" else np.savez(buffer, data=array)
        repack(folder / "model.skops", lambda name, old: buffer.getvalue() if name.endswith(".npy") else old)

    return change


def endless_arrays(folder: Path, _canary: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**13,)})
    repack(folder / "model.skops", lambda name, old: header.getvalue() if name.endswith(".npy") else old)


def bomb(folder: Path, _canary: Path) -> None:
    with zipfile.ZipFile(folder / "model.skops", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.npy", bytes(40_000_000))


def bomb_within(folder: Path, _canary: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.npy", bytes(40_000_000))
    with zipfile.ZipFile(folder / "model.skops", "a") as archive:
        archive.writestr("1.npz", inner.getvalue())


def member(name: str, *, is_link: bool = False) -> Change:
    """The skops file has one part more, which unpacking would put elsewhere."""

    def change(folder: Path, canary: Path) -> None:
        part = zipfile.ZipInfo(name.format(canary=canary))
        if is_link:
            part.external_attr = 0o120777 << 16
        with zipfile.ZipFile(folder / "model.skops", "a") as archive:
            archive.writestr(part, str(canary) if is_link else "written")

    return change


def twice(folder: Path, _canary: Path) -> None:
    with zipfile.ZipFile(folder / "model.skops") as archive:
        described = archive.read("schema.json")
    with zipfile.ZipFile(folder / "model.skops", "a") as archive:
        archive.writestr("0.json", described)
    content = (folder / "model.skops").read_bytes()
    put(folder / "model.skops", content.replace(b"0.json", b"schema.json"[-6:]))


def linked(name: str) -> Change:
    def change(folder: Path, canary: Path) -> None:
        elsewhere = canary.parent / f"elsewhere-{folder.name}-{name}"
        (folder / name).rename(elsewhere)
        (folder / name).symlink_to(elsewhere)

    return change


def manifest(edit: Callable[[Any, Path], Any]) -> Change:
    def change(folder: Path, canary: Path) -> None:
        path = folder / "manifest.json"
        path.write_text(json.dumps(edit(json.loads(path.read_text()), canary)))

    return change


def with_file(name: str) -> Callable[[Any, Path], Any]:
    """The manifest lists a file elsewhere, with its right hash."""

    def edit(found: Any, canary: Path) -> Any:
        secret = canary.parent / "secret.txt"
        secret.write_text("secret")
        return {**found, "files": {**found["files"], name.format(secret=secret): hash_file(secret)}}

    return edit


def without(name: str) -> Callable[[Any, Path], Any]:
    def edit(found: Any, _canary: Path) -> Any:
        return {**found, "files": {key: value for key, value in found["files"].items() if key != name}}

    return edit


def deep_manifest(folder: Path, _canary: Path) -> None:
    (folder / "manifest.json").write_text('{"files": ' + "[" * 100_000 + "]" * 100_000 + "}")


def pipe(folder: Path, _canary: Path) -> None:
    (folder / "model.skops").unlink()
    os.mkfifo(folder / "model.skops")


def external(location: str) -> Change:
    """The graph keeps numbers in another file."""

    def change(folder: Path, canary: Path) -> None:
        put(folder / EXTERNAL, bytes(1 << 16))
        put(canary.parent / EXTERNAL, bytes(1 << 16))
        graph = onnx.load(folder / "model.onnx")
        tensor = onnx.TensorProto(name="outside", data_type=onnx.TensorProto.FLOAT, dims=[4])
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, value in (("location", location.format(folder=canary.parent)), ("length", "16")):
            tensor.external_data.add(key=key, value=value)
        graph.graph.initializer.append(tensor)
        graph.graph.node.append(onnx.helper.make_node("Identity", ["outside"], ["more"]))
        graph.graph.output.append(onnx.helper.make_tensor_value_info("more", onnx.TensorProto.FLOAT, [4]))
        put(folder / "model.onnx", graph.SerializeToString())

    return change


def foreign_operator(folder: Path, _canary: Path) -> None:
    graph = onnx.load(folder / "model.onnx")
    graph.opset_import.add(domain="evil", version=1)
    graph.graph.node.insert(0, onnx.helper.make_node("System", [], ["ran"], domain="evil", command="touch canary"))
    put(folder / "model.onnx", graph.SerializeToString())


def huge_protobuf(folder: Path, _canary: Path) -> None:
    put(folder / "model.onnx", b"\x3a\xff\xff\xff\xff\x07" + bytes(1000))


def golden(change: Callable[[pa.Table, Path], pa.Table]) -> Change:
    def changed(folder: Path, canary: Path) -> None:
        table = pq.read_table(folder / "golden.parquet")
        pq.write_table(change(table, canary), folder / "golden.parquet")

    return changed


def pickled_type(table: pa.Table, canary: Path) -> pa.Table:
    """A column whose type says how to unpickle itself, as old versions of Arrow did."""
    first = table.schema.field(0)
    kind = {
        b"ARROW:extension:name": b"arrow.py_extension_type",
        b"ARROW:extension:metadata": pickle.dumps(Payload(canary)),
    }
    return table.cast(table.schema.set(0, first.with_metadata(kind)))


def pickled_values(table: pa.Table, canary: Path) -> pa.Table:
    column = pa.array([pickle.dumps(Payload(canary))] * table.num_rows)
    return table.set_column(0, table.schema.field(0).name, column)


def many_rows(table: pa.Table, _canary: Path) -> pa.Table:
    return pa.concat_tables([table] * 4_000)


def text(name: str, content: str) -> Change:
    return lambda folder, canary: put(folder / name, content.replace("CANARY", str(canary)).encode())


HOSTILE = (
    *(
        Hostile(f"pickle as {name}", pickled(name), never_read=name in ("model.joblib", "MLmodel"))
        for name in (
            "model.skops",
            "model.onnx",
            "golden.parquet",
            "prototype.json",
            "reference.json",
            "model.joblib",
            "MLmodel",
        )
    ),
    Hostile("pickle as manifest.json", pickled("manifest.json"), fits_by_itself=True),
    *(
        Hostile(f"pickle as {name}", pickled(name), never_read=True)
        for name in ("model.pkl", "model.pickle", "model.joblib.gz", "model.dill", "pipeline.cloudpickle")
    ),
    *(
        Hostile(f"program as {name}", text(name, "import os\nos.system('touch CANARY')\n"), never_read=True)
        for name in ("__init__.py", "sitecustomize.py", "sklearn.py", "core.pth")
    ),
    Hostile("joblib as model.skops", dumped_with_joblib),
    Hostile("skops with os.system", transformer(lambda _canary: os.system)),
    Hostile("skops with eval", transformer(lambda _canary: builtins.eval)),
    Hostile("skops with exec", transformer(lambda _canary: builtins.exec)),
    Hostile("skops with subprocess", transformer(lambda _canary: subprocess.call)),
    Hostile("skops with partial", transformer(lambda canary: functools.partial(os.system, f"touch '{canary}'"))),
    Hostile("skops with methodcaller", transformer(lambda _canary: operator.methodcaller("touch"))),
    Hostile("skops with attrgetter", transformer(lambda _canary: operator.attrgetter("__class__.__mro__"))),
    Hostile("skops with a bound method", transformer(lambda canary: canary.touch)),
    Hostile("skops with a class that runs", transformer(lambda _canary: subprocess.Popen)),
    Hostile("skops with functions in an array", transformer(lambda _canary: np.array([os.system], dtype=object))),
    Hostile("skops renamed to os.system", schema(named("posix", "system", "FunctionNode"))),
    Hostile("skops renamed to a trusted-looking module", schema(named("sklearn.utils", "os.system"))),
    Hostile("skops with a loader nobody has", schema(named("posix", "system", "PickleNode"))),
    Hostile("skops that calls while it is made", schema(called)),
    Hostile("skops of another protocol", schema(lambda found, _canary: {**found, "protocol": 10**9})),
    Hostile("skops nested deeply", lambda folder, _: repack(folder / "model.skops", lambda *_: b"[" * 200_000)),
    Hostile("skops with pickled arrays", pickled_arrays("npy")),
    Hostile("skops with pickled archives of arrays", pickled_arrays("npz")),
    Hostile("skops with endless arrays", endless_arrays),
    Hostile("skops with a zip bomb", bomb),
    Hostile("skops with a zip bomb in a matrix", bomb_within),
    Hostile("skops with a part that climbs out", member("../../../../climbed.npy")),
    Hostile("skops with an absolute part", member("{canary}")),
    Hostile("skops with a part that climbs out as on Windows", member("..\\..\\climbed.npy")),
    Hostile("skops with a link", member("link/1.npy", is_link=True)),
    Hostile("link as model.skops", linked("model.skops")),
    Hostile("link as golden.parquet", linked("golden.parquet")),
    Hostile("pipe as model.skops", pipe, fits_by_itself=True),
    Hostile("manifest that climbs out", manifest(with_file("../../../secret.txt")), fits_by_itself=True),
    Hostile("manifest with an absolute path", manifest(with_file("{secret}")), fits_by_itself=True),
    Hostile("manifest without the model", manifest(without("model.skops")), fits_by_itself=True),
    Hostile("manifest without the golden rows", manifest(without("golden.parquet")), fits_by_itself=True),
    Hostile("manifest without the graph", manifest(without("model.onnx")), fits_by_itself=True),
    Hostile("manifest nested deeply", deep_manifest, fits_by_itself=True),
    Hostile("graph with numbers at an absolute path", external("{folder}/" + EXTERNAL)),
    Hostile("graph with numbers that climb out", external("../../../../../../" + EXTERNAL)),
    Hostile("graph with numbers in its own folder", external(EXTERNAL)),
    Hostile("graph with a foreign operator", foreign_operator),
    Hostile("graph that says it has two gigabytes", huge_protobuf),
    Hostile("golden rows of a pickled type", golden(pickled_type), never_read=True),
    Hostile("golden rows of pickles", golden(pickled_values)),
    Hostile("golden rows by the hundred thousand", golden(many_rows)),
    Hostile("prototype in YAML that calls", text("prototype.json", "!!python/object/apply:os.system ['touch CANARY']")),
    Hostile("prototype nested deeply", text("prototype.json", "[" * 100_000)),
    Hostile("reference that is a program", text("reference.json", "__import__('os').system('touch CANARY')")),
    Hostile("MLmodel that loads os", text("MLmodel", "flavors:\n  python_function:\n    loader_module: os\n"), True),
)


def make(hostile: Hostile, folder: Path, canary: Path) -> str:
    """Change a good folder, let its manifest fit, and return the digest of that."""
    facts = json.loads((folder / "manifest.json").read_text())
    hostile.change(folder, canary)
    if hostile.fits_by_itself:
        return hash_file(folder / "manifest.json")
    return write_manifest(folder, {key: value for key, value in facts.items() if key != "files"})


def try_all(home: Path, slug: str, canary: Path) -> dict[str, Any]:
    """Make each hostile version live and let the service look at it; return what it says then, and who answers."""
    from core.deploy.loading import open_model
    from core.records import ModelVersion, Project
    from core.serve.live_models import LiveModels
    from core.store import open_store
    from tests.model_worlds import copy_version

    store = open_store(home)
    live = LiveModels(store, lambda folder, digest: open_model(folder, digest) and None)
    project = store.newest(Project, slug=slug)
    assert project is not None
    champion = live.get(slug).model
    good = store.get(ModelVersion, champion.id)
    row = {column.name: column.example for column in live.get(slug).loaded.prototype.columns}
    found: dict[str, Any] = {}
    for number, hostile in enumerate(HOSTILE):
        print(hostile.name, file=sys.stderr, flush=True)
        version = copy_version(store, good, number=100 + number)
        digest = make(hostile, store.files.model(version.id), canary)
        store.update(version, digest=digest)
        swap(store, project.id, version.id)
        live.refresh()
        served = live.get(slug)
        found[hostile.name] = {
            "trouble": served.trouble,
            "number": served.model.number,
            "answers": len(served.loaded.predict_rows([row]).predictions),
            "ran": canary.exists(),
        }
        swap(store, project.id, champion.id)
        live.refresh()
    store.engine.dispose()
    return found


def swap(store: Any, project_id: str, version_id: str) -> None:
    from core.records import Release, utc_now

    current = store.releases.current(project_id)
    last = store.find(Release, project_id=project_id)[-1]
    release = replace(
        last,
        id=f"r{current.generation + 1}",
        model_version_id=version_id,
        generation=current.generation + 1,
    )
    store.releases.swap(release, seen_generation=current.generation, now=utc_now())


if __name__ == "__main__":
    print(json.dumps(try_all(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))))
