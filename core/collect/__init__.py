"""From bytes to an immutable table that people understand: reading, versions, profile, streams kept back, samples."""

from core.collect.accepting import accept_finding, accepted_findings, take_back
from core.collect.checks import CHECKS, Check, known_checks, run_checks
from core.collect.column_detail import look_closer
from core.collect.comparison import compare_versions, version_before
from core.collect.edits import UNDO, edit_table, undo_edit
from core.collect.findings import is_compared
from core.collect.frames import load_frame, load_rows
from core.collect.keep_back import keep_back_stream
from core.collect.lineage import name_version, say_origin, trace_lineage
from core.collect.profile import profile_dataset
from core.collect.reading import read_table
from core.collect.reading_again import (
    Difference,
    Preview,
    original_bytes,
    original_lines,
    preview_reading,
    read_again,
    version_with_original,
)
from core.collect.reading_job import LARGE_BYTES, run_reading, start_reading, start_reading_again
from core.collect.samples import SAMPLES, Sample, create_sample_project
from core.collect.script import parquet_name, table_script
from core.collect.sources import (
    PageTable,
    Refreshed,
    arrival_of,
    change_source,
    database_tables,
    list_sources,
    next_try_at,
    refresh_job,
    refresh_source,
    remove_source,
    run_refresh,
    save_source,
    schedule_source,
    start_due_refreshes,
    start_refresh,
    web_tables,
)
from core.collect.target_relations import relate_to_target
from core.collect.twins import find_twins
from core.collect.versions import add_dataset, add_table, current_dataset, current_stream, list_datasets

__all__ = [
    "CHECKS",
    "LARGE_BYTES",
    "SAMPLES",
    "UNDO",
    "Check",
    "Difference",
    "PageTable",
    "Preview",
    "Refreshed",
    "Sample",
    "accept_finding",
    "accepted_findings",
    "add_dataset",
    "add_table",
    "arrival_of",
    "change_source",
    "compare_versions",
    "create_sample_project",
    "current_dataset",
    "current_stream",
    "database_tables",
    "edit_table",
    "find_twins",
    "is_compared",
    "keep_back_stream",
    "known_checks",
    "list_datasets",
    "list_sources",
    "load_frame",
    "load_rows",
    "look_closer",
    "name_version",
    "next_try_at",
    "original_bytes",
    "original_lines",
    "parquet_name",
    "preview_reading",
    "profile_dataset",
    "read_again",
    "read_table",
    "refresh_job",
    "refresh_source",
    "relate_to_target",
    "remove_source",
    "run_checks",
    "run_reading",
    "run_refresh",
    "save_source",
    "say_origin",
    "schedule_source",
    "start_due_refreshes",
    "start_reading",
    "start_reading_again",
    "start_refresh",
    "table_script",
    "take_back",
    "trace_lineage",
    "undo_edit",
    "version_before",
    "version_with_original",
    "web_tables",
]
