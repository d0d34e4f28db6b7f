"""Where tables come from besides an upload: databases, the web, APIs and sensor feeds; saved, and read again."""

from core.collect.sources.refreshing import (
    arrival_of,
    next_try_at,
    refresh_job,
    run_refresh,
    start_due_refreshes,
    start_refresh,
)
from core.collect.sources.saved import (
    Refreshed,
    change_source,
    database_tables,
    describe_change,
    list_sources,
    refresh_source,
    remove_source,
    save_source,
    schedule_source,
    web_tables,
)
from core.collect.sources.web import PageTable

__all__ = [
    "PageTable",
    "Refreshed",
    "arrival_of",
    "change_source",
    "database_tables",
    "describe_change",
    "list_sources",
    "next_try_at",
    "refresh_job",
    "refresh_source",
    "remove_source",
    "run_refresh",
    "save_source",
    "schedule_source",
    "start_due_refreshes",
    "start_refresh",
    "web_tables",
]
