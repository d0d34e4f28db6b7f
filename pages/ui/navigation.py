"""Which pages there are, what each is for, and how to get from one to the other without losing the project."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlencode

import streamlit as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner import RerunData, RerunException, enqueue_message, get_script_run_ctx


@dataclass(frozen=True)
class PageInfo:
    """One page: its stage of the circle (or its own key), file, title, icon and two plain opening sentences.

    A page for a big screen has neither menu nor frame, and stands in no menu.
    """

    key: str
    file: str
    title: str
    icon: str
    opening: str
    on_wall: bool = False

    @property
    def url_path(self) -> str:
        """The page's address: the file's stem with `-` for `_`.

        It must differ from the stem: a fresh server answers a link to a file stem of `pages/` without the frame.
        """
        return self.file.removeprefix("pages/").removesuffix(".py").replace("_", "-")


PAGES = (
    PageInfo(
        "home",
        "pages/life_cycle.py",
        "Life cycle",
        ":material/sync:",
        "A model is never finished: the world changes, so you plan, learn, watch and learn again. "
        "This page shows where your project stands on that circle and what to do next.",
    ),
    PageInfo(
        "plan",
        "pages/plan_project.py",
        "Plan project",
        ":material/flag:",
        "Here you say what you want to know, how good the answers must be, and what mistakes cost. "
        "Everything later is measured against this: a model goes live because it is useful, not because it exists.",
    ),
    PageInfo(
        "collect",
        "pages/collect_data.py",
        "Collect data",
        ":material/table_view:",
        "Here you bring in the table to learn from, look at what is in it, and choose the column to predict. "
        "A model can only be as good as its examples, so it pays to look closely.",
    ),
    PageInfo(
        "prepare",
        "pages/prepare_data.py",
        "Prepare data",
        ":material/tune:",
        "Here the table is made ready for learning: a recipe of small steps, each with its reason and a switch. "
        "Some rows are set aside now, so that the model can later be tested on rows it has never seen.",
    ),
    PageInfo(
        "train",
        "pages/train_models.py",
        "Train models",
        ":material/model_training:",
        "Here several kinds of model learn from the same rows and are compared on rows they have not seen. "
        "No kind is best everywhere, so the honest way is to try many and to keep a simple guess as the yardstick.",
    ),
    PageInfo(
        "evaluate",
        "pages/evaluate_models.py",
        "Evaluate models",
        ":material/fact_check:",
        "Here the best models take their exam: the rows set aside at the start, used for the first time. "
        "You see how good they are, how sure that is, and whether your plan is met.",
    ),
    PageInfo(
        "deploy",
        "pages/deploy_model.py",
        "Deploy model",
        ":material/rocket_launch:",
        "Here a model is approved by a second person and goes live, so that other programs can ask it questions. "
        "Whatever is live can be taken back in one step.",
    ),
    PageInfo(
        "monitor",
        "pages/monitor_model.py",
        "Monitor model",
        ":material/monitor_heart:",
        "Here you watch the live model: how much it is used, whether its questions changed, how often it is right. "
        "Models fail silently, so somebody has to look; this page looks for you and raises an alert.",
    ),
    PageInfo(
        "retrain",
        "pages/retrain_model.py",
        "Retrain model",
        ":material/autorenew:",
        "Here a new model learns from old and new rows and is compared with the live one on the newest rows. "
        "Retraining can also make things worse, so nothing changes until you decide.",
    ),
    PageInfo(
        "review",
        "pages/review_project.py",
        "Review project",
        ":material/gavel:",
        "This page is for the person who decides: what was promised, what is live, how well it does, what errors cost. "
        "It needs no knowledge of machine learning.",
    ),
    PageInfo(
        "answer",
        "pages/answer_rows.py",
        "Answer by hand",
        ":material/front_hand:",
        "Here people answer what the model should not decide alone: one row at a time, in plain form. "
        "Each answer goes to whoever asked, and the model can learn from it later.",
    ),
    PageInfo(
        "wall",
        "pages/watch_wall.py",
        "Watch wall",
        ":material/tv:",
        "This page is for a big screen on the wall: how the live model stands, refreshed by itself. "
        "There is nothing to click.",
        on_wall=True,
    ),
)
OPENED = "opened_project"
"""Where the slug of a project lies that was just opened, until the picker can show it."""
BOUND_ENDINGS = ("-project", "-you")
"""How the ids of the widgets bound to the address end."""
FLUSH_S = 0.05
"""How long the server needs to send what is waiting, before the next run discards it."""
STAGE_KEYS = tuple(info.key for info in PAGES if info.key not in ("home", "review", "answer", "wall"))


def page_info(key: str) -> PageInfo:
    """Return the page of a stage (plan, collect, ... retrain), `home`, `review`, `answer`; KeyError for any other."""
    return {page.key: page for page in PAGES}[key]


def _page(info: PageInfo) -> "st.Page":
    return st.Page(
        info.file,
        title=info.title,
        icon=info.icon,
        url_path=info.url_path,
        default=info.key == "home",
        visibility="hidden" if info.on_wall else "visible",
    )


def choose_page() -> "st.Page":
    """Declare all pages and return the one that the address names."""
    loop = [_page(page_info(key)) for key in STAGE_KEYS]
    return st.navigation(
        {"": [_page(page_info(key)) for key in ("home", "review", "answer", "wall")], "The circle": loop}, expanded=True
    )


def current_info(page: "st.Page") -> PageInfo:
    """Return which page of ours a page object of Streamlit's is."""
    return next(info for info in PAGES if info.title == page.title)


def link_to(key: str, label: str | None = None, *, icon: str | None = None) -> None:
    """Draw a link to a page. The project and the person stay in the address, because their widgets are bound to it."""
    info = page_info(key)
    st.page_link(info.file, label=label or info.title, icon=icon or info.icon)


def address_query() -> str:
    """Return the query part of the address that keeps project and person, as `project=wine&you=Anna`."""
    project = st.session_state.get(OPENED, st.session_state.get("project"))
    values = {"project": project, "you": st.session_state.get("you")}
    return urlencode({name: value for name, value in values.items() if value})


def go_to(key: str) -> NoReturn:
    """Open another page at once, keeping project and person; works in pages, fragments and dialogs alike."""
    # st.switch_page fails on parameters that widgets are bound to, or drops them and leaves broken entries in the
    # browser's history. So this says what a click on a link says: the address, the page, and what those widgets hold.
    context = get_script_run_ctx()
    if context is None:
        raise RuntimeError("Pages are changed from within a page.")
    query = address_query()
    message = ForwardMsg()
    message.page_info_changed.query_string = query
    enqueue_message(message)
    time.sleep(FLUSH_S)
    bound = [held for held in context.session_state.get_widget_states() if held.id.endswith(BOUND_ENDINGS)]
    script = str((Path(context.main_script_path).parent / page_info(key).file).resolve())
    pages = context.pages_manager.get_pages()
    raise RerunException(
        RerunData(
            query_string=query,
            widget_states=WidgetStates(widgets=bound),
            page_script_hash=next(key for key, found in pages.items() if found["script_path"] == script),
            cached_message_hashes=context.cached_message_hashes,
            context_info=context.context_info,
        )
    )
