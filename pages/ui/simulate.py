"""The live world on a page: what is played how fast, what goes wrong in it, and how a drill went."""

import plotly.graph_objects as go
import streamlit as st

from core import charts, collect, deploy, serve, simulate
from core.records import Job, ModelVersion, utc_now
from pages.ui.errors import error_frame
from pages.ui.faults import fault_fields
from pages.ui.jobs import show_job
from pages.ui.navigation import link_to
from pages.ui.state import newest_job, person, prefill, project, store
from pages.ui.words import count, plain

FIRST_N_ROWS = 3_000
MOST_MADE_ROWS = 200_000
MOST_FAULTS = 4
N_PLAYS = 20
"""The newest drill is looked for among so many plays."""
SPEEDS = [1, 5, 20, 50, 100, 200]
DELAYS_S = [0, 5, 15, 60, 300]
CLOCKS = {
    "a minute a minute": 1.0,
    "an hour a minute": 60.0,
    "a day a minute": 1_440.0,
    "a week a minute": 10_080.0,
}
ORIGINS = {"kept_back": "Rows kept back", "made": "Rows made from the table"}
TIMINGS = {"constant": "always after that time", "spread": "spread around that time"}


def shade_simulated(figure: go.Figure) -> go.Figure:
    """Shade on a chart over time what was simulated traffic, and return the chart."""
    return charts.mark_simulated(figure, simulate.list_plays(store(), project().id), utc_now())


def show_world(model: ModelVersion) -> bool:
    """Draw the form that starts a play, the play under way and the newest drill; return whether one is under way."""
    job = newest_job("replay")
    busy = job is not None and job.active
    title = "Play a live world: questions, late truth, and what may go wrong"
    with st.expander(title, expanded=job is None, icon=":material/play_circle:", key="monitor_replay"):
        if serve.service_address(store()) is None:
            st.caption("The prediction service is not running, so nobody could answer.")
            link_to("deploy", "Start it on Deploy model")
        else:
            _form(model, busy=busy)
    show_job(job, title="Playing a live world" if job and job.params.get("origin") == "made" else "Playing rows")
    drill = _newest_drill()
    if drill is not None:
        with st.expander("The last drill", expanded=drill == job, icon=":material/siren:", key="monitor_drill"):
            _live_drill(drill.id) if drill.active else _show_drill(drill.id)
    return busy


@st.fragment
def _form(model: ModelVersion, *, busy: bool) -> None:
    """Draw the form on its own: what is chosen in it must not draw the charts below it again."""
    with error_frame():
        _draw_form(model, busy=busy)


def _draw_form(model: ModelVersion, *, busy: bool) -> None:
    st.caption(
        "Rows are sent to the service as if somebody asked now; the truth follows later, as in real life. All of it is "
        "marked as simulated."
    )
    origin, n_left = _choose_origin(model)
    if n_left == 0:
        return
    with st.grid(4, min_column_width=180):
        n_rows = st.number_input("How many rows", 1, n_left, step=1, key="monitor_n_rows")
        speed = st.select_slider("Rows a second", SPEEDS, 50, key="monitor_speed")
        delay = st.select_slider("Seconds until the truth arrives", DELAYS_S, 5, key="monitor_delay")
        share = st.slider("Share whose truth arrives (%)", 0, 100, 80, 10, key="monitor_label_share")
    shape, clock, timing, seed = _traffic_fields()
    choices = simulate.Choices(
        int(n_rows),
        float(speed),
        label_delay_s=float(delay),
        label_share=share / 100,
        label_timing=timing,
        origin=origin,
        shape=shape,
        speed_up=CLOCKS[clock],
        random_state=seed,
    )
    _start(model, choices, busy=busy)


def _choose_origin(model: ModelVersion) -> tuple[str, int]:
    """Let the person choose where rows come from; return that, and how many there are (0: none are left)."""
    stream = collect.current_stream(store(), project().id)
    prefill(project().id, monitor_origin="kept_back" if stream else "made")
    origin = st.segmented_control(
        "What to play",
        list(ORIGINS),
        format_func=ORIGINS.__getitem__,
        required=True,
        key="monitor_origin",
    )
    if origin == "made":
        st.caption("New rows like those that were set aside for the test; the model has not seen them, nor those.")
        prefill(f"made {model.id}", monitor_n_rows=FIRST_N_ROWS)
        return origin, MOST_MADE_ROWS
    if stream is None:
        st.caption("This project has no rows kept back to play. They can be set aside on Collect data.")
        link_to("collect")
        return origin, 0
    n_played = simulate.next_row(store(), stream)
    n_left = stream.n_rows - n_played
    if n_left <= 0:
        st.caption(f"All {stream.n_rows:,} kept-back rows have been played. More can be kept back on Collect data.")
        return origin, 0
    st.caption(f"{n_played:,} of {count(stream.n_rows, 'row')} have been played.")
    prefill(f"{stream.id} {n_played}", monitor_n_rows=min(FIRST_N_ROWS, n_left))
    return origin, n_left


def _traffic_fields() -> tuple[str, str, str, int]:
    """Return shape of traffic, clock, timing of labels and seed."""
    with st.expander("Traffic and clock", icon=":material/schedule:", key="monitor_traffic_choices"):
        st.caption(
            "The simulated clock begins on a Monday at 08:00 and only decides how many rows come when. Everything that "
            "is logged keeps the real time: with an hour a minute, each minute on the charts is a simulated hour."
        )
        with st.grid(4, min_column_width=200):
            shape = st.selectbox(
                "Traffic", list(simulate.SHAPES), format_func=simulate.SHAPES.__getitem__, key="monitor_shape"
            )
            clock = st.selectbox("The clock goes", list(CLOCKS), index=1, key="monitor_clock")
            timing = st.selectbox("Truth arrives", list(TIMINGS), format_func=TIMINGS.__getitem__, key="monitor_timing")
            seed = st.number_input("Seed: another one draws anew", 0, 9_999, step=1, key="monitor_seed")
    return shape, clock, timing, int(seed)


def _start(model: ModelVersion, choices: simulate.Choices, *, busy: bool) -> None:
    """Let the person choose what goes wrong, say what will be played, and start it."""
    n_faults = st.segmented_control(
        "How many things go wrong", range(MOST_FAULTS + 1), default=0, required=True, key="monitor_n_faults"
    )
    prototype = deploy.load_prototype(store(), model.id)
    duration_s = simulate.play_seconds(choices)
    chosen = [fault_fields(number, prototype, choices, duration_s) for number in range(n_faults or 0)]
    faults = tuple(fault for fault in chosen if fault is not None)
    hidden = False
    if faults:
        hidden = st.toggle("Keep it a secret until I reveal it, as for a class", key="monitor_hidden")
    st.caption(_say_plan(choices, duration_s, len(faults)))
    label = "Start the drill" if faults else "Start playing"
    if st.button(label, type="primary", icon=":material/play_arrow:", disabled=busy, key="monitor_start"):
        final = {**vars(choices), "faults": faults, "hidden": hidden}
        simulate.start_playing(store(), project().id, simulate.Choices(**final), by=person())
        st.rerun()


def _say_plan(choices: simulate.Choices, duration_s: float, n_faults: int) -> str:
    words = f"{count(choices.n_rows, 'row')} in about {_say_duration(duration_s)}"
    if choices.speed_up > 1:
        words += (
            f", from {simulate.say_clock(0, choices.speed_up)} to {simulate.say_clock(duration_s, choices.speed_up)}"
        )
    if n_faults:
        waits_s = choices.grace_s + choices.label_delay_s
        words += f"; then {_say_duration(waits_s)} of waiting for late alarms. The monitor looks every 10 to 30 seconds"
    return f"{words}."


def _say_duration(seconds: float) -> str:
    return count(round(seconds), "second") if round(seconds) < 120 else count(round(seconds / 60), "minute")


def _newest_drill() -> Job | None:
    plays = store().find(Job, project_id=project().id, kind="replay", newest=N_PLAYS)
    return next((job for job in reversed(plays) if job.params.get("faults")), None)


@st.fragment(run_every=2)
def _live_drill(job_id: str) -> None:
    with error_frame():
        _show_drill(job_id)


def _show_drill(job_id: str) -> None:
    job = store().get(Job, job_id)
    settings = simulate.read_settings(job)
    if settings.hidden and not settings.revealed:
        st.markdown(
            f":material/visibility_off: {plain(job.created_by)} plays a drill. What goes wrong in it, and when, is a "
            f"secret until {plain(job.created_by)} reveals it."
        )
        if person() == job.created_by and st.button("Reveal it to everybody", key="monitor_reveal"):
            simulate.reveal_drill(store(), job_id, by=person())
            st.rerun()
        return
    report = simulate.score_drill(store(), job_id, now=utc_now())
    headline, *rest = report.sentences
    st.markdown(f"**{plain(headline)}**")
    st.plotly_chart(
        charts.drill(report),
        key="monitor_drill_chart",
        config={"displayModeBar": False},
        alt=f"Faults and alarms over time: {plain(headline)}",
    )
    st.markdown("\n".join(f"- {plain(sentence)}" for sentence in rest))
