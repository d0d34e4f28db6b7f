"""Which pages there are, what each is for, and how to get from one to the other without losing the project."""

from dataclasses import dataclass
from typing import NoReturn

import streamlit as st


@dataclass(frozen=True)
class PageInfo:
    """One page: its stage of the circle (or its own key), file, title, icon and two plain opening sentences."""

    key: str
    file: str
    title: str
    icon: str
    opening: str

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
)
DESTINATION = "destination"
STAGE_KEYS = tuple(info.key for info in PAGES if info.key not in ("home", "review"))


def page_info(key: str) -> PageInfo:
    """Return the page of a stage (plan, collect, ... retrain), `home` or `review`; KeyError for anything else."""
    return {page.key: page for page in PAGES}[key]


def _page(info: PageInfo) -> "st.Page":
    return st.Page(
        info.file,
        title=info.title,
        icon=info.icon,
        url_path=info.url_path,
        default=info.key == "home",
    )


def choose_page() -> "st.Page":
    """Declare all pages and return the one that the address names."""
    loop = [_page(page_info(key)) for key in STAGE_KEYS]
    return st.navigation(
        {"": [_page(page_info("home")), _page(page_info("review"))], "The circle": loop}, expanded=True
    )


def current_info(page: "st.Page") -> PageInfo:
    """Return which page of ours a page object of Streamlit's is."""
    return next(info for info in PAGES if info.title == page.title)


def link_to(key: str, label: str | None = None, *, icon: str | None = None) -> None:
    """Draw a link to a page. The project and the person stay in the address, because their widgets are bound to it."""
    info = page_info(key)
    st.page_link(info.file, label=label or info.title, icon=icon or info.icon)


def go_to(key: str) -> NoReturn:
    """Go to another page, keeping project and person; works in pages, fragments and dialogs alike."""
    # A switch out of a fragment would lose what is bound to the address, so the frame does it in the next run.
    st.session_state[DESTINATION] = key
    st.rerun()


def arrive(page: "st.Page") -> None:
    """Switch to the page that `go_to` asked for, if any; the frame calls it once what is bound has been drawn."""
    wanted = st.session_state.pop(DESTINATION, None)
    if wanted is not None and wanted != current_info(page).key:
        # An empty mapping, because None would try to clear the bound project and fail; bound values are written again.
        st.switch_page(page_info(wanted).file, query_params={})
