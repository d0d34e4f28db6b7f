"""How a file was read: every decision, in words."""

import streamlit as st

from core.records import Reading
from pages.ui.words import plain


def show_reading(reading: Reading) -> None:
    """Tell what was decided and changed while a file was read."""
    with st.expander("What I did to your file", icon=":material/fact_check:", expanded=True):
        if not reading.decisions:
            st.markdown("Nothing had to be changed.")
        for decision in reading.decisions:
            examples = f" For example: {', '.join(decision.examples)}." if decision.examples else ""
            count = f" ({decision.count:,})" if decision.count else ""
            st.markdown(f"- {plain(decision.sentence.rstrip('.') + count)}.{plain(examples)}")
        st.caption(f"{reading.n_rows_in:,} rows in the file, {reading.n_rows_kept:,} rows in the table.")
