"""Where tables come from besides an upload: databases, the web, APIs; saved, and read again on demand."""

from core.collect.sources.saved import (
    Refreshed,
    database_tables,
    describe_change,
    list_sources,
    refresh_source,
    remove_source,
    save_source,
    web_tables,
)
from core.collect.sources.web import PageTable

__all__ = [
    "PageTable",
    "Refreshed",
    "database_tables",
    "describe_change",
    "list_sources",
    "refresh_source",
    "remove_source",
    "save_source",
    "web_tables",
]
