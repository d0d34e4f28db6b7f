"""The only Streamlit code that pages share: the frame, the state, the circle, live work, errors in plain words."""

from pages.ui.circle import draw_circle, draw_example
from pages.ui.code import show_code
from pages.ui.errors import error_frame
from pages.ui.frame import draw_header, draw_sidebar, draw_way_on, keep_imports, run_again
from pages.ui.jobs import show_job
from pages.ui.missing import say_missing, stop_missing
from pages.ui.navigation import PAGES, choose_page, current_info, go_to, link_to, page_info
from pages.ui.profile import show_profile
from pages.ui.projects import own_project_form, sample_cards
from pages.ui.reading import show_reading
from pages.ui.sources import show_sources
from pages.ui.state import newest_job, open_project, person, prefill, project, slug, store
from pages.ui.table_version import name_table, say_version
from pages.ui.tables import first_rows, profile_of, task_of
from pages.ui.upload import show_reading_job, upload_form
from pages.ui.versions import show_versions
from pages.ui.words import count, plain

__all__ = [
    "PAGES",
    "choose_page",
    "count",
    "current_info",
    "draw_circle",
    "draw_example",
    "draw_header",
    "draw_sidebar",
    "draw_way_on",
    "error_frame",
    "first_rows",
    "go_to",
    "keep_imports",
    "link_to",
    "name_table",
    "newest_job",
    "open_project",
    "own_project_form",
    "page_info",
    "person",
    "plain",
    "prefill",
    "profile_of",
    "project",
    "run_again",
    "sample_cards",
    "say_missing",
    "say_version",
    "show_code",
    "show_job",
    "show_profile",
    "show_reading",
    "show_reading_job",
    "show_sources",
    "show_versions",
    "slug",
    "stop_missing",
    "store",
    "task_of",
    "upload_form",
]
