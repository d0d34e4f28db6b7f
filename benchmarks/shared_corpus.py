"""Where the real tables are that the benchmarks take when no folder is named."""

import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHARED = Path(__file__).resolve().parents[2] / "shared" / "corpus"
INDEX = SHARED / "open.tsv"


@contextmanager
def data_folder(given: Path | None) -> Iterator[Path]:
    """Give the folder of the files: the one named, or the shared archive unpacked for the while."""
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory() as folder, tarfile.open(SHARED / "open.tar.gz") as archive:
        archive.extractall(folder, filter="data")
        yield next(Path(folder).rglob("*.csv")).parent
