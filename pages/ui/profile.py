"""What a table holds, column by column, for looking at: searched, filtered, sorted, and one column closely."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core import collect
from core.errors import LifecycleError
from core.records import ColumnProfile, DatasetVersion, Profile, TargetRelations, Twins
from pages.ui.column import show_column
from pages.ui.errors import error_frame
from pages.ui.state import store
from pages.ui.tables import profile_of, relations_of, twins_of

KIND_WORDS = {"number": "number", "category": "category", "text": "text", "date": "date", "boolean": "yes or no"}
MISSING, TELLING, ALIKE = "With missing values", "Tells the target", "Says the same as another"
TELLS_SOMETHING = 0.05
IN_ORDER, BY_NAME, BY_TARGET, BY_MISSING, BY_DISTINCT = (
    "As in the table",
    "By name",
    "What tells the target first",
    "Most missing first",
    "Most different values first",
)
AT_ONCE = 5_000_000
"""Rows times columns up to which columns are compared without being asked: a second or two."""


@dataclass(frozen=True)
class Comparison:
    """What comparing the columns gave: with the target (None without one), and with each other."""

    relations: TargetRelations | None
    twins: tuple[Twins, ...]

    def strengths(self) -> dict[str, float]:
        """Return how strongly each column tells the target, in [0, 1], by its name."""
        return {one.name: one.strength for one in self.relations.relations} if self.relations else {}

    def alike(self) -> dict[str, str]:
        """Return for each column that says the same as others the first of these; missing values aside."""
        found: dict[str, str] = {}
        for group in self.twins:
            if group.kind != "gaps":
                first, second, *_ = group.columns
                found |= {name: first for name in group.columns[1:] if name not in found}
                found.setdefault(first, second)
        return found


@st.fragment
def show_profile(table: DatasetVersion, target: str | None) -> None:
    """Draw the columns of a table as a list to search, filter and sort, and the chosen one in detail."""
    with error_frame():
        profile = profile_of(table.id)
        comparison = _compare(table, target)
        shown = _choose(profile, comparison)
        names = [column.name for column in shown]
        if len(shown) < len(profile.columns):
            st.caption(f"{len(shown):,} of {len(profile.columns):,} columns")
        if not shown:
            st.info("Search for something else, or take a filter away.", title="No column is like that.")
            return
        _list(shown, comparison)
        if st.session_state.get("collect_column") not in table.column_names:
            st.session_state.pop("collect_column", None)
        start = table.column_names.index(names[0])
        name = st.selectbox("Look closer at", table.column_names, index=start, key="collect_column")
        show_column(table.id, profile.column(name), comparison.relations, comparison.twins)


def _compare(table: DatasetVersion, target: str | None) -> Comparison | None:
    """Compare the columns with the target and each other; large tables when the person asks for it."""
    large = table.n_rows * table.n_columns > AT_ONCE and not collect.is_compared(store(), table.id, target)
    if large and not st.button(
        "Compare the columns with each other and the target",
        icon=":material/compare_arrows:",
        help="It is a large table: this may take half a minute, once.",
        key="collect_compare",
    ):
        return Comparison(None, ())
    try:
        relations = relations_of(table.id, target) if target else None
    except LifecycleError:  # The page says above why nothing can be learned from this target.
        relations = None
    return Comparison(relations, twins_of(table.id))


def _choose(profile: Profile, comparison: Comparison) -> list[ColumnProfile]:
    """Draw search, filters and order; return the columns they leave, in that order."""
    strengths, alike = comparison.strengths(), comparison.alike()
    kinds = [kind for kind in KIND_WORDS if any(column.kind == kind for column in profile.columns)]
    words = {KIND_WORDS[kind].capitalize(): kind for kind in kinds}
    properties = [MISSING, *([TELLING] if strengths else []), *([ALIKE] if alike else [])]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search", key="collect_search", type="search", live=True, placeholder="Part of a column's name", width=260
        )
        orders = [IN_ORDER, BY_NAME, *([BY_TARGET] if strengths else []), BY_MISSING, BY_DISTINCT]
        order = st.selectbox("Order", orders, key="collect_order", width=260)
    only = st.pills("Only", [*words, *properties], selection_mode="multi", key="collect_only")
    wanted = {words[word] for word in only if word in words} or set(kinds)
    tests = {
        MISSING: lambda column: column.n_missing > 0,
        TELLING: lambda column: strengths.get(column.name, 0) >= TELLS_SOMETHING,
        ALIKE: lambda column: column.name in alike,
    }
    shown = [
        column
        for column in profile.columns
        if (search or "").casefold() in column.name.casefold()
        and column.kind in wanted
        and all(tests[word](column) for word in only if word in tests)
    ]
    keys = {
        BY_NAME: lambda column: column.name.casefold(),
        BY_TARGET: lambda column: -strengths.get(column.name, 0),
        BY_MISSING: lambda column: -column.n_missing,
        BY_DISTINCT: lambda column: -column.n_distinct,
    }
    return sorted(shown, key=keys[order]) if order in keys else shown


def _span(column: ColumnProfile) -> str:
    """Say from where to where a column reaches, or name some of its values."""
    if column.kind == "number" and column.minimum is not None and column.maximum is not None:
        return f"{column.minimum:.6g} to {column.maximum:.6g}"
    if column.first and column.last:
        return f"{column.first[:10]} to {column.last[:10]}"
    return ", ".join(column.examples[:3])


def _list(shown: list[ColumnProfile], comparison: Comparison) -> None:
    """Draw a line for each column; choosing one shows it closely."""
    strengths, alike = comparison.strengths(), comparison.alike()
    rows = pd.DataFrame(
        {
            "Column": column.name,
            "Holds": KIND_WORDS[column.kind],
            "Distribution": list(column.distribution.counts),
            "Tells the target": 100 * strengths[column.name] if column.name in strengths else None,
            "Missing": 100 * column.n_missing / max(column.n_rows, 1),
            "Different values": column.n_distinct,
            "Values": _span(column),
            "Says the same as": alike.get(column.name, ""),
        }
        for column in shown
    )
    left_out = [*([] if strengths else ["Tells the target"]), *([] if alike else ["Says the same as"])]
    config = {
        "Column": st.column_config.TextColumn(pinned=True, width=150),
        "Distribution": st.column_config.BarChartColumn(y_min=0, help="How often each range or value occurs"),
        "Tells the target": st.column_config.ProgressColumn(
            min_value=0,
            max_value=100,
            format="%.0f %%",
            help="How much of the target this column tells by itself: 0 is no better than guessing, 100 tells it all",
        ),
        "Missing": st.column_config.ProgressColumn(min_value=0, max_value=100, format="%.1f %%"),
        "Different values": st.column_config.NumberColumn(format="localized"),
    }
    st.dataframe(
        rows.drop(columns=left_out),
        hide_index=True,
        column_config=config,
        key="collect_profile",
        on_select=lambda: _look_at([column.name for column in shown]),
        selection_mode="single-row",
        alt="One line for each column",
    )
    st.caption("Choose a line to look closer at it.")


def _look_at(names: list[str]) -> None:
    """Make the chosen line's column the one that is shown closely."""
    chosen = st.session_state["collect_profile"]["selection"]["rows"]
    if chosen and chosen[0] < len(names):
        st.session_state["collect_column"] = names[chosen[0]]
