"""Who is told of alerts: channels, a test of each, and what became of what was sent."""

from collections.abc import Mapping

import streamlit as st

from core import monitor
from core.records import Channel, ChannelKind, Delivery, Json, Severity
from pages.ui.errors import error_frame
from pages.ui.jobs import runner_alive
from pages.ui.state import person, project, store
from pages.ui.words import count, plain, say_ago

KINDS: Mapping[ChannelKind, str] = {"webhook": "A program (webhook)", "mail": "People (mail)"}
SEVERITIES: Mapping[Severity, str] = {"critical": "Urgent", "warning": "Warnings", "info": "Notes"}
SECURITY = {"starttls": "STARTTLS (usual, port 587)", "tls": "TLS (port 465)", "none": "None"}
REFRESH_S = 2.0


def show_channels(*, key: str) -> None:
    """Draw the channels of the project and the form for another one. `key` begins the widgets' keys."""
    box = st.expander("Who is told", icon=":material/send:", key=f"{key}_channels", on_change="rerun")
    if not box.open:
        return
    with box, error_frame():
        channels = monitor.list_channels(store(), project().id)
        if not channels:
            st.caption("Alerts appear on this page only. A channel also sends them to a program, or to people by mail.")
        if not runner_alive():
            st.warning("Nothing is sent now.", title="The job runner is not running.", icon=":material/pause_circle:")
        for channel in channels:
            _show_channel(channel, f"{key}_channel_{channel.id}")
        _add_form(f"{key}_new_channel_{len(channels)}")


def _show_channel(channel: Channel, key: str) -> None:
    with st.container(border=True, key=f"{key}_box"):
        icon = ":material/webhook:" if channel.kind == "webhook" else ":material/mail:"
        st.markdown(f"{icon} **{plain(channel.name)}** · {plain(_say_where(channel))}")
        st.caption(plain(_say_wishes(channel)))
        _show_outbox(channel.id)
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Send a test", icon=":material/send:", key=f"{key}_test"):
                with error_frame():
                    monitor.try_channel(store(), channel.id, by=person())
                    st.rerun()
            words = "Pause" if channel.enabled else "Go on"
            if st.button(
                words, icon=":material/pause:" if channel.enabled else ":material/play_arrow:", key=f"{key}_on"
            ):
                with error_frame():
                    monitor.change_channel(store(), channel.id, enabled=not channel.enabled)
                    st.rerun()
            with st.popover("Remove", icon=":material/delete:", key=f"{key}_ask"):
                st.markdown("What still waits to be sent is given up, and the secret is forgotten.")
                if st.button("Remove it", type="primary", key=f"{key}_remove"):
                    with error_frame():
                        monitor.remove_channel(store(), channel.id)
                        st.rerun()


@st.fragment(run_every=REFRESH_S)
def _show_outbox(channel_id: str) -> None:
    """Say what became of the newest notices; live, since a test takes a moment."""
    with error_frame():
        sent = monitor.list_deliveries(store(), channel_id)
        if not sent:
            st.markdown("Nothing was sent yet. A test shows whether it arrives.")
        for delivery in sent[:3]:
            st.markdown(_say_delivery(delivery))


def _say_delivery(delivery: Delivery) -> str:
    what = f"{plain(delivery.subject)} · {say_ago(delivery.created_at)}"
    problem = plain(delivery.problem)
    if delivery.status == "delivered":
        return f":green[:material/check_circle:] {what}: it was taken. {problem}"
    if delivery.status == "dead":
        return f":red[:material/cancel:] {what}: given up after {count(delivery.n_attempts, 'try')}. {problem}".replace(
            "trys", "tries"
        )
    if problem:
        return f":orange[:material/schedule_send:] {what}: not taken yet, it is tried again. {problem}"
    return f":gray[:material/schedule_send:] {what}: on its way."


def _say_where(channel: Channel) -> str:
    if channel.kind == "webhook":
        return str(channel.settings["url"])
    return f"{', '.join(channel.settings['recipients'])}, by {channel.settings['host']}"


def _say_wishes(channel: Channel) -> str:
    told = ", ".join(words.lower() for severity, words in SEVERITIES.items() if severity in channel.severities)
    about = ", ".join(monitor.RULES[kind].title.lower() for kind in channel.kinds) if channel.kinds else "all rules"
    paused = "" if channel.enabled else " Paused: nothing is sent."
    return f"Told of: {told}; {about}. Added by {channel.created_by}.{paused}"


def _add_form(key: str) -> None:
    st.markdown("**Add a channel**")
    kind = st.segmented_control(
        "What gets the alerts", list(KINDS), default="webhook", format_func=KINDS.get, required=True, key=f"{key}_kind"
    )
    with st.form(f"{key}_form_{kind}", border=False):
        name = st.text_input("Its name", placeholder="Chat of the team", max_chars=60, key=f"{key}_name")
        settings, secret = _webhook_fields(key) if kind == "webhook" else _mail_fields(key)
        severities = st.pills(
            "It is told of",
            list(SEVERITIES),
            selection_mode="multi",
            default=["critical", "warning"],
            format_func=SEVERITIES.get,
            key=f"{key}_severities",
        )
        kinds = st.multiselect(
            "Only of these rules",
            list(monitor.RULES),
            format_func=lambda one: monitor.RULES[one].title,
            placeholder="All of them",
            key=f"{key}_kinds",
        )
        if st.form_submit_button("Add it", icon=":material/add:", key=f"{key}_add"):
            with error_frame():
                monitor.save_channel(
                    store(),
                    project().id,
                    kind=kind,
                    name=name,
                    settings=settings,
                    secret=secret,
                    severities=severities,
                    kinds=kinds,
                    by=person(),
                )
                st.rerun()


def _webhook_fields(key: str) -> tuple[Json, str]:
    url = st.text_input("Address", placeholder="https://chat.example.org/hooks/7", key=f"{key}_url")
    secret = st.text_input(
        "Secret, 16 characters or more",
        type="password",
        key=f"{key}_secret",
        help="Notices are signed with it (HMAC-SHA256, Standard Webhooks): the receiver knows that they are from here.",
    )
    return {"url": url}, secret


def _mail_fields(key: str) -> tuple[Json, str]:
    recipients = st.text_input("To, separated by commas", placeholder="anna@example.org", key=f"{key}_to")
    sender = st.text_input("From", placeholder="full-circle@example.org", key=f"{key}_from")
    left, middle = st.columns([3, 1])
    host = left.text_input("Mail server", placeholder="smtp.example.org", key=f"{key}_host")
    port = middle.number_input("Port", 1, 65_535, 587, key=f"{key}_port")
    security = st.selectbox("Encryption", list(SECURITY), format_func=SECURITY.get, key=f"{key}_security")
    user = st.text_input("User, if it wants one", key=f"{key}_user")
    secret = st.text_input("Password", type="password", key=f"{key}_password")
    to = [each.strip() for each in recipients.split(",") if each.strip()]
    settings = {"host": host, "port": int(port), "security": security, "user": user, "sender": sender}
    return {**settings, "recipients": to}, secret
