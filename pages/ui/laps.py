"""The laps round the circle: which models went live, why, and how good each was at its own test."""

import streamlit as st

from core import charts, deploy, plan
from core.records import Lap
from pages.ui.release import name_model
from pages.ui.state import project, store
from pages.ui.table_version import name_table


def show_laps(*, key: str) -> None:
    """Draw the laps of the project, newest first, and from the second on a chart. `key` begins the chart's key."""
    laps = plan.list_laps(store(), project().id)
    st.subheader(f"Laps so far: {len(laps)}")
    if not laps:
        st.caption("A lap is complete when a model goes live. The first one is under way.")
        return
    names = {model.id: name_model(model) for model in deploy.list_models(store(), project().id)}
    rows = [
        {
            "Lap": lap.number,
            "Why": lap.reason,
            "Model": names.get(lap.model_version_id, "deleted"),
            "Learned from": name_table(lap.dataset_id),
            "Result": _say_result(lap),
            "By": lap.promoted_by,
            "When (UTC)": lap.created_at,
        }
        for lap in reversed(laps)
    ]
    when = st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm")
    st.dataframe(rows, hide_index=True, alt="Laps, newest first", column_config={"When (UTC)": when})
    if len(laps) > 1 and laps[-1].metric:
        figure = charts.laps(laps, plan.metric(laps[-1].metric))
        st.plotly_chart(figure, key=f"{key}_laps", config={"displayModeBar": False}, alt="Result of each lap")
        st.caption(
            "Each model took its test on the newest rows of its time. When the world gets harder to predict, a later "
            "model can score lower and still be the better one for the rows of today."
        )


def _say_result(lap: Lap) -> str:
    if not lap.metric or lap.value is None:
        return ""
    return f"{plan.metric(lap.metric).label} {plan.format_value(lap.metric, lap.value)}"
