"""What a table holds, column by column, for looking at."""

import pandas as pd
import streamlit as st

from core import charts
from core.records import ColumnProfile, Profile

KIND_WORDS = {"number": "number", "category": "category", "text": "text", "date": "date", "boolean": "yes or no"}


def _span(column: ColumnProfile) -> str:
    """Say from where to where a column reaches, or name some of its values."""
    if column.kind == "number" and column.minimum is not None and column.maximum is not None:
        return f"{column.minimum:.6g} to {column.maximum:.6g}"
    if column.first and column.last:
        return f"{column.first[:10]} to {column.last[:10]}"
    return ", ".join(column.examples[:3])


def show_profile(profile: Profile) -> None:
    """Draw a line for each column with a small distribution, and one column in detail."""
    rows = [
        {
            "Column": column.name,
            "Holds": KIND_WORDS[column.kind],
            "Distribution": list(column.distribution.counts),
            "Values": _span(column),
            "Different values": column.n_distinct,
            "Missing": 100 * column.n_missing / max(column.n_rows, 1),
        }
        for column in profile.columns
    ]
    config = {
        "Column": st.column_config.TextColumn(pinned=True),
        "Distribution": st.column_config.BarChartColumn(
            width="medium", y_min=0, help="How often each range or value occurs"
        ),
        "Different values": st.column_config.NumberColumn(format="localized"),
        "Missing": st.column_config.ProgressColumn(min_value=0, max_value=100, format="%.1f %%"),
    }
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, column_config=config, key="collect_profile", alt="One line for each column"
    )
    names = [column.name for column in profile.columns]
    column = profile.column(st.selectbox("Look closer at", names, key="collect_column"))
    st.plotly_chart(charts.distribution(column), key="collect_chart", alt=f"Distribution of {column.name}")
