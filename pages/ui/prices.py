"""What each step of the recipe is worth: a choice, the work while it lasts, then a picture and a sentence a step."""

from collections.abc import Sequence

import streamlit as st

from core import charts, plan, train
from core.records import PriceList, Recipe, StepPrice
from pages.ui.errors import error_frame
from pages.ui.jobs import show_job
from pages.ui.state import newest_job, person, project, store
from pages.ui.words import plain

TITLES = {family.key: family.title for family in train.FAMILIES}
BUDGETS = {30: "30 seconds", 60: "1 minute", 120: "2 minutes", 300: "5 minutes", 900: "15 minutes"}
SIGNS = {
    "helps": ":green[:material/thumb_up:]",
    "costs": ":red[:material/thumb_down:]",
    "unclear": ":gray[:material/drag_handle:]",
}
FIRST = ("linear", "hist_gradient_boosting")


def show_prices(base: Recipe, *, saved: bool) -> None:
    """Draw what each step of the saved recipe is worth, and the way to find out.

    Parameters
    ----------
    base : Recipe
        The recipe the page started from.
    saved : bool
        Whether it is the saved one.
    """
    st.markdown("### What is each step worth?")
    st.markdown(
        "A model learns with the whole recipe, then once more without each step, always on the same rows. "
        "The difference is what the step is worth."
    )
    if not saved:
        st.caption("Save the recipe first: prices are those of a saved recipe.")
        return
    family = _start_form(base)
    live = show_job(newest_job("price"), title="Trying without each step")
    st.fragment(_results, run_every=1.5 if live else None)(base, family)


def _start_form(base: Recipe) -> str:
    """Draw the choice of model and time with its button; return the model's family."""
    suited = [family.key for family in train.FAMILIES if base.task in family.tasks and family.key != charts.BASELINE]
    suited.sort(key=lambda key: FIRST.index(key) if key in FIRST else len(FIRST))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        family = st.selectbox(
            "For which kind of model",
            suited,
            format_func=TITLES.get,
            key="prepare_price_family",
            width=260,
            help="A step can be worth much for one kind and nothing for another: trees need no scaling. Try two.",
        )
        budget_s = st.select_slider(
            "Time for it", list(BUDGETS), value=60, format_func=BUDGETS.get, key="prepare_price_budget", width=260
        )
        job = newest_job("price")
        if st.button(
            "Try without each step",
            icon=":material/sell:",
            key="prepare_price_start",
            disabled=job is not None and job.active,
        ):
            train.start_pricing(store(), project().id, family=family, budget_s=float(budget_s), by=person())
            st.rerun()
    return str(family)


def _results(base: Recipe, family: str) -> None:
    with error_frame():
        prices = train.current_prices(store(), project().id, family=family)
        if prices is None:
            st.caption(f"{TITLES[family]}: not tried yet. It changes nothing of the recipe.")
            return
        if prices.recipe_id != base.id:
            st.warning(
                "They may be different now. Try again to see what the steps are worth in the recipe as it is.",
                title="These prices are of an earlier recipe.",
                icon=":material/history:",
            )
        _draw(prices)


def _draw(prices: PriceList) -> None:
    metric = plan.metric(prices.metric)
    if prices.fold_scores:
        mean = sum(prices.fold_scores) / len(prices.fold_scores)
        st.markdown(f"**{TITLES[prices.family]} with the whole recipe.** {plan.say_value(metric.name, mean)}")
    known = sorted((price for price in prices.prices if price.mean is not None), key=lambda price: -(price.mean or 0.0))
    if known:
        st.plotly_chart(
            charts.step_prices(known, metric),
            key="prepare_prices_chart",
            config={"displayModeBar": False},
            alt=f"{metric.label}: what each step is worth, with its range; right of zero it helps",
        )
    st.markdown("\n".join(f"- {words}" for words in [*map(_say, known), *_say_others(prices.prices)]))
    st.caption(
        f"{plan.metric(prices.metric).label} on {len(prices.fold_scores) or 'several'} parts of the "
        f"{prices.n_rows_train:,} rows to learn from. {plain(prices.note)} The range in brackets leaves out the true "
        "worth once in 20 times, so among many steps one may look clear by chance. Steps are left out one at a time: "
        "two that do the same job can each look worthless."
    )


def _say(price: StepPrice) -> str:
    return f"{SIGNS.get(price.outcome or '', '')} **{plain(price.title)}.** {plain(price.sentence)}"


def _say_others(prices: Sequence[StepPrice]) -> list[str]:
    """Say why steps have no price, in one line where the reason is the same."""
    titles: dict[str, list[str]] = {}
    for price in prices:
        if price.mean is None:
            titles.setdefault(price.problem, []).append(plain(price.title))
    waiting = ":gray[:material/hourglass_empty:] "
    return [
        f"{'' if problem else waiting}**{'; '.join(names)}.** {plain(problem) or 'Not tried yet.'}"
        for problem, names in titles.items()
    ]
