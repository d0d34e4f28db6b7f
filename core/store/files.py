"""Where files live: every path is made from an id here and nowhere else, and files appear whole or not at all."""

import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import BadInputError

ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Files:
    """The files under one home folder.

    Parameters
    ----------
    home : Path
        Folder that holds everything: tables, models, uploads in transit, logs.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        for folder in (
            "datasets",
            "profiles",
            "models",
            "candidates",
            "uploads",
            "originals",
            "logs",
            "plays",
            "drafts",
        ):
            (home / folder).mkdir(parents=True, exist_ok=True)
        for folder in ("secrets", "journals", "batches"):
            (home / folder).mkdir(mode=0o700, exist_ok=True)

    def _path(self, folder: str, record_id: str, suffix: str = "") -> Path:
        if not ID.fullmatch(record_id):
            raise BadInputError("That is not a valid identifier.", "Open the thing from its page again.")
        return self.home / folder / f"{record_id}{suffix}"

    def dataset(self, dataset_id: str) -> Path:
        """Path of a dataset version's Parquet file."""
        return self._path("datasets", dataset_id, ".parquet")

    def profile(self, dataset_id: str) -> Path:
        """Path of a dataset version's profile, computed once."""
        return self._path("profiles", dataset_id, ".json")

    def finding(self, dataset_id: str, question: str) -> Path:
        """Path of the answer to one question about a dataset version; `question` is a short name without blanks."""
        return self._path("profiles", f"{dataset_id}-{question}", ".json")

    def remove_findings(self, dataset_id: str) -> None:
        """Forget the profile of a dataset version and all that was found out about it."""
        profile = self.profile(dataset_id)
        for path in (profile, *profile.parent.glob(f"{dataset_id}-*.json")):
            path.unlink(missing_ok=True)

    def model(self, model_version_id: str) -> Path:
        """Folder of a model version."""
        return self._path("models", model_version_id)

    def candidate(self, candidate_id: str) -> Path:
        """Folder of a fitted candidate that has been evaluated."""
        return self._path("candidates", candidate_id)

    def upload(self, upload_id: str) -> Path:
        """Path of an upload on its way from memory to a dataset version."""
        return self._path("uploads", upload_id)

    def original(self, original_id: str) -> Path:
        """Path of the bytes of a file as it came, kept to be read again in another way."""
        return self._path("originals", original_id)

    def keep_original(self, path: Path, original_id: str) -> None:
        """Keep the bytes of a file; an upload, which is about to go, costs no second copy."""
        with self.write_file(self.original(original_id)) as temporary:
            if not (path.parent == self.home / "uploads" and _link(path, temporary)):
                shutil.copyfile(path, temporary)

    def log(self, name: str) -> Path:
        """Path of a process's log file."""
        return self._path("logs", name, ".log")

    def play(self, job_id: str) -> Path:
        """Path of how far a play of simulated traffic is."""
        return self._path("plays", job_id, ".json")

    def draft(self, project_id: str, person: str) -> Path:
        """Path of what a person has changed in a project's recipe and not saved."""
        return self._path("drafts", f"{project_id}-{hashlib.sha256(person.encode()).hexdigest()[:16]}", ".json")

    def remove_drafts(self, project_id: str) -> None:
        """Forget what anyone has changed in a project's recipe and not saved."""
        for path in (self.home / "drafts").glob(f"{project_id}-*.json"):
            path.unlink(missing_ok=True)

    @property
    def journals(self) -> Path:
        """Folder of what the service has answered and not yet logged; only the user who runs it can read it."""
        return self.home / "journals"

    @property
    def batches(self) -> Path:
        """Folder of files that the service answers; only the user who runs it can read it."""
        return self.home / "batches"

    def batch(self, job_id: str) -> Path:
        """Folder of a file to answer and of its result."""
        return self._path("batches", job_id)

    def save_secret(self, record_id: str, secret: str) -> None:
        """Keep a secret in a file that only the user who runs the server can read."""
        with self.write_file(self._path("secrets", record_id)) as temporary:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(secret)

    def secret(self, record_id: str) -> str:
        """Return the secret kept for a record; empty when there is none."""
        path = self._path("secrets", record_id)
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def remove_secret(self, record_id: str) -> None:
        """Forget the secret of a record."""
        self._path("secrets", record_id).unlink(missing_ok=True)

    @contextmanager
    def write_file(self, target: Path) -> Iterator[Path]:
        """Hand out a temporary path beside `target`; fsync and rename it there when the block ends well."""
        temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
        try:
            yield temporary
            sync(temporary)
            temporary.replace(target)
            sync(target.parent)
        finally:
            temporary.unlink(missing_ok=True)

    @contextmanager
    def write_folder(self, target: Path) -> Iterator[Path]:
        """Hand out a temporary folder beside `target`; fsync its files and rename it there when the block ends well."""
        temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
        temporary.mkdir(parents=True)
        try:
            yield temporary
            for path in sorted(temporary.rglob("*")):
                sync(path)
            sync(temporary)
            if target.exists():
                shutil.rmtree(target)
            temporary.rename(target)
            sync(target.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _link(path: Path, target: Path) -> bool:
    try:
        target.hardlink_to(path)
    except OSError:  # Not every file system can.
        return False
    return True


def sync(path: Path) -> None:
    """Force a file's or folder's content onto the disk. Folders cannot be opened on Windows, nor need they be."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
