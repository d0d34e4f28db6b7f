"""From bytes to an immutable table that people understand: reading, versions, profile, streams kept back, samples."""

from core.collect.frames import load_frame
from core.collect.keep_back import keep_back_stream
from core.collect.profile import profile_dataset
from core.collect.reading import read_table
from core.collect.reading_job import LARGE_BYTES, run_reading, start_reading
from core.collect.samples import SAMPLES, Sample, create_sample_project
from core.collect.versions import add_dataset, add_table, current_dataset, current_stream, list_datasets

__all__ = [
    "LARGE_BYTES",
    "SAMPLES",
    "Sample",
    "add_dataset",
    "add_table",
    "create_sample_project",
    "current_dataset",
    "current_stream",
    "keep_back_stream",
    "list_datasets",
    "load_frame",
    "profile_dataset",
    "read_table",
    "run_reading",
    "start_reading",
]
