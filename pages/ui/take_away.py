"""Taking a model away: everything ready to run, a client, and the model itself in three forms."""

from functools import partial

import streamlit as st

from core import deploy
from core.records import ModelVersion
from pages.ui.errors import error_frame
from pages.ui.release import name_model
from pages.ui.state import project, store
from pages.ui.words import count, plain, say_size

ONNX: deploy.ModelFile = "model.onnx"
FORMS: dict[deploy.ModelFile, tuple[str, str]] = {
    "model.skops": (
        "skops",
        "For scikit-learn. Opening it with the package skops runs no code from the file: it lists what is in it, and "
        "you say what you trust.",
    ),
    ONNX: ("ONNX", "For programs in any language, with ONNX Runtime."),
    "model.joblib": (
        "joblib",
        "For scikit-learn, in the usual form. Opening a joblib file runs whatever code is in it, with all your rights: "
        "open only one that you took from here yourself.",
    ),
}
TYPES = {"tensor(float)": "numbers, single precision", "tensor(double)": "numbers, double precision"}


def show_take_away(models: list[ModelVersion], *, key: str) -> None:
    """Draw what can be downloaded of an approved model version.

    Parameters
    ----------
    models : list of ModelVersion
        The project's, newest first.
    key : str
        Begins the widgets' keys.
    """
    approved = [model for model in models if model.status == "approved"]
    if not approved:
        return
    box = st.expander("Take it away", icon=":material/download:", key=f"{key}_box", on_change="rerun")
    if box.open:
        with box, error_frame():
            live = deploy.live_model(store(), project().id)
            chosen = st.selectbox(
                "Which",
                approved,
                index=approved.index(live) if live in approved else 0,
                format_func=name_model,
                key=f"{key}_version",
            )
            _draw_folder(chosen, key=key)
            _draw_forms(chosen, key=key)


def _draw_folder(model: ModelVersion, *, key: str) -> None:
    name = deploy.name_folder(store(), model)
    st.markdown(
        "**Ready to run.** A folder with the model, the service that answers, and a page that says the two commands "
        "that start it, on any machine with Python or in a container. It holds up to 50 rows of your table, by which "
        "the model proves itself at every start."
    )
    with st.container(horizontal=True):
        st.download_button(
            "The folder (zip)",
            partial(deploy.zip_folder, store(), model.id),
            file_name=f"{name}.zip",
            mime="application/zip",
            type="primary",
            icon=":material/folder_zip:",
            on_click="ignore",
            key=f"{key}_folder",
        )
        st.download_button(
            "A Python client",
            deploy.client_program(),
            file_name="client.py",
            mime="text/x-python",
            icon=":material/code:",
            on_click="ignore",
            key=f"{key}_client",
        )
    st.caption("The client is one file that asks the service from a program of yours, and needs nothing but Python.")


def _draw_forms(model: ModelVersion, *, key: str) -> None:
    name = deploy.name_folder(store(), model)
    st.markdown(
        "**The model alone**, for people who program. The skops and joblib forms need the steps that Full Circle "
        "brings: open them in the folder above, where `core` is."
    )
    if decides := deploy.say_threshold(store(), model.id):
        st.caption(plain(decides))
    for file, (title, sentence) in FORMS.items():
        size = deploy.model_size(store(), model.id, file)
        if size is None:
            st.caption(f"There is no {title} form: {plain(model.engine_reason)}")
            continue
        st.download_button(
            f"{title} ({say_size(size)})",
            partial(deploy.read_model_file, store(), model.id, file),
            file_name=f"{name}.{title}",
            icon=":material/download:",
            on_click="ignore",
            key=f"{key}_{title.lower()}",
        )
        st.caption(sentence)
        if file == ONNX and st.toggle("What it is fed with", key=f"{key}_inputs"):
            with st.spinner("Reading the graph ..."):
                _say_inputs(_description(model.id))


@st.cache_data(max_entries=20, show_spinner=False)
def _description(model_version_id: str) -> deploy.GraphDescription:
    return deploy.describe_graph(store(), model_version_id)


def _say_inputs(graph: deploy.GraphDescription) -> None:
    steps = ", ".join(f"`{name}`" for name in graph.steps_before)
    st.markdown(
        f"These steps of the pipeline come before it and are not in it: {steps}. The skops form has them: they make "
        "the columns below from a table. One row of each matrix is one question."
    )
    for one in graph.inputs:
        columns = plain("; ".join(one.columns))
        kind = TYPES.get(one.type, "texts")
        st.markdown(f"- `{one.name}`: {count(one.n_columns, 'column')} of {kind}. From the left: {columns}.")
    st.caption("It gives: " + ", ".join(f"`{name}`" for name in graph.outputs))
