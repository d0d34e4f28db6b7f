"""A page's work as a program to read, copy and take away, with the table it starts from."""

from collections.abc import Callable

import streamlit as st

from core import collect
from core.records import DatasetVersion
from pages.ui.errors import error_frame
from pages.ui.state import project, store
from pages.ui.words import say_size

CODE_HEIGHT = 480
START = {False: "The stored table (Parquet)", True: "Your file as you brought it"}


def show_code(page: str, dataset_id: str, write: Callable[[bool], str]) -> None:
    """Draw the page's work as a plain pandas and scikit-learn program; it is written when it is opened.

    Parameters
    ----------
    page : str
        The page's key, which begins the keys of the widgets and the file's name.
    dataset_id : str
        The table that the program starts from.
    write : callable
        Returns the program; its argument says whether to start from the person's own file.
    """
    box = st.expander("Show me the code", icon=":material/code:", key=f"{page}_code", on_change="rerun")
    if box.open:
        with box, error_frame():
            from_file = st.segmented_control(
                "It starts from",
                [False, True],
                default=False,
                required=True,
                format_func=START.get,
                key=f"{page}_code_start",
            )
            _draw(page, dataset_id, write(bool(from_file)), from_file=bool(from_file))


def _draw(page: str, dataset_id: str, text: str, *, from_file: bool) -> None:
    dataset = store().get(DatasetVersion, dataset_id)
    path, name = store().files.dataset(dataset_id), collect.parquet_name(dataset)
    st.markdown(
        "What this page did, as a Python program that needs nothing of Full Circle, only pandas and scikit-learn. "
        "Put program and data into one folder and run it: the same rows, the same numbers."
    )
    with st.container(horizontal=True):
        st.download_button(
            "The program",
            text,
            file_name=f"{project().slug}_{page}.py",
            mime="text/x-python",
            icon=":material/download:",
            on_click="ignore",
            key=f"{page}_code_download",
        )
        if not from_file:
            st.download_button(
                f"The table it reads ({say_size(path.stat().st_size)})",
                path.read_bytes,
                file_name=name,
                mime="application/vnd.apache.parquet",
                icon=":material/table_view:",
                on_click="ignore",
                key=f"{page}_code_table",
            )
    st.code(text, language="python", height=CODE_HEIGHT)
