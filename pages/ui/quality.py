"""Is the live model still right? Measured by labels, expected without them; where it is less right; labels by file."""

import streamlit as st
from streamlit.typing import UploadedFile

from core import charts, deploy, monitor, plan
from core.records import EstimateReport, EstimateTrust, PerformanceReport, Worth
from pages.ui.errors import error_frame
from pages.ui.state import person, project, store
from pages.ui.upload import FILE_TYPES, move_to_disk
from pages.ui.words import plain

MODEBAR = {"displayModeBar": False}
TRUST: dict[EstimateTrust, tuple[str, str]] = {
    "confirmed": (":green[:material/verified:]", "labels confirm the estimate"),
    "not_checked": (":gray[:material/hourglass_empty:]", "no labels have checked the estimate yet"),
    "unreliable": (":red[:material/error:]", "the estimate cannot be relied on"),
    "not_available": (":gray[:material/block:]", "there is no estimate"),
}
EXAMPLE = "id,label\n18f0c2...,yes\n18f0c3...,no\n"


def show_quality(report: PerformanceReport, estimate: EstimateReport, value: Worth | None) -> None:
    """Say how right the model has been where the truth is known, probably is elsewhere, and what mistakes cost."""
    icon, _ = TRUST[estimate.trust]
    lines = [plain(report.sentence), f"{icon} {plain(estimate.sentence)}"]
    if value is not None:
        lines.append(plain(value.sentence))
    st.markdown("  \n".join(lines))
    if estimate.points:
        st.caption(plain(estimate.assumption))


@st.fragment
def show_slices(*, key: str) -> None:
    """Let a person look at one kind of row after the other."""
    box = st.expander(
        "For which rows is it less right?", icon=":material/splitscreen:", key=f"{key}_slices", on_change="rerun"
    )
    if not box.open:
        return
    with box, error_frame():
        _show_slices(key)


def _show_slices(key: str) -> None:
    model = deploy.live_model(store(), project().id)
    if model is None:
        return
    columns = [column.name for column in deploy.load_prototype(store(), model.id).columns]
    column = st.selectbox("Compare rows by", columns, key=f"{key}_slice_column")
    report = monitor.slice_performance(store(), project().id, column)
    st.markdown(plain(report.sentence))
    metric = plan.metric(report.metric)
    if any(one.value is not None for one in report.slices):
        st.caption(f"{charts.name_unit(metric)}, with the range the true value lies in 95 times in 100")
        st.plotly_chart(charts.slices(report, metric), key=f"{key}_slices_chart", config=MODEBAR, alt=report.sentence)
    elif report.slices:
        st.caption("Each kind of row needs 30 labels before anything can be said of it.")


def label_form(*, key: str) -> None:
    """Take a file of true values."""
    with st.expander("Hand in true values as a file", icon=":material/task_alt:", key=f"{key}_labels"):
        st.caption(
            "A table with two columns: **id**, the prediction's id from the service's answer, and **label**, what "
            "turned out to be true. Any file that Collect reads will do; earlier values are kept in the receipt."
        )
        st.download_button("An example", EXAMPLE, "labels.csv", "text/csv", key=f"{key}_labels_example")
        with st.form(f"{key}_labels_form", clear_on_submit=True, border=False):
            file = st.file_uploader("The file", type=FILE_TYPES, key=f"{key}_labels_file")
            sent = st.form_submit_button("Store these true values", type="primary", key=f"{key}_labels_store")
        if sent and file is None:
            st.info("Choose a file first.", icon=":material/upload_file:")
        elif sent:
            _store_labels(file)


def _store_labels(file: UploadedFile) -> None:
    kept, by, project_id = store(), person(), project().id
    bar = st.progress(0.0, "Storing the true values ...")
    path = kept.files.upload(move_to_disk(file))
    try:
        found = monitor.add_label_file(kept, project_id, path, filename=file.name, by=by, report=bar.progress)
    finally:
        path.unlink(missing_ok=True)
        bar.empty()
    (st.success if found.n_stored else st.warning)(plain(found.sentence))
    if found.unknown:
        st.caption(f"Not known here, for example: {plain(', '.join(found.unknown))}")
