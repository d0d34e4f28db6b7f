"""From bytes to an immutable table that people understand: reading, versions, profile, streams kept back, samples."""

from core.collect.frames import load_frame
from core.collect.reading import read_table
from core.collect.versions import add_dataset, add_table, current_dataset, current_stream, list_datasets

__all__ = [
    "add_dataset",
    "add_table",
    "current_dataset",
    "current_stream",
    "list_datasets",
    "load_frame",
    "read_table",
]
