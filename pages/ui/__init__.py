"""The only Streamlit code that pages share: the frame, the state, the circle, live work, errors in plain words."""

from pages.ui.errors import error_frame
from pages.ui.frame import draw_header, draw_sidebar, draw_way_on
from pages.ui.jobs import show_job
from pages.ui.navigation import PAGES, choose_page, go_to, link_to, page_info
from pages.ui.projects import add_uploaded_table, new_project_cards
from pages.ui.state import newest_job, open_project, person, project, slug, store

__all__ = [
    "PAGES",
    "add_uploaded_table",
    "choose_page",
    "draw_header",
    "draw_sidebar",
    "draw_way_on",
    "error_frame",
    "go_to",
    "link_to",
    "new_project_cards",
    "newest_job",
    "open_project",
    "page_info",
    "person",
    "project",
    "show_job",
    "slug",
    "store",
]
