"""Who may ask the live model: keys for other programs, made, shown once, and revoked."""

from collections.abc import Mapping

import streamlit as st

from core import deploy
from core.records import ApiKey, Scope
from pages.ui.errors import error_frame
from pages.ui.state import person, project, store
from pages.ui.words import count, plain, say_ago, say_moment

WORDS: Mapping[Scope, str] = {
    "predict": "ask for predictions",
    "label": "send in true values",
    "admin": "everything, also the counts of the service",
}
NEW = "deploy_new_key"
PER_MINUTE = 600


def show_keys() -> None:
    """Draw who may ask, the keys, and the form for another one."""
    keys = deploy.list_keys(store(), project().id)
    usable = [key for key in keys if key.revoked_at is None]
    st.subheader("Keys: who may ask")
    st.markdown(_say_who_may_ask(keys, usable))
    _show_new(keys)
    for key in usable:
        _show_key(key)
    with st.expander("Make a key", icon=":material/key:", key="deploy_key_make"):
        if not keys:
            st.caption("From then on programs that ask today without a key are refused, and this cannot be taken back.")
        _key_form(len(keys))
    revoked = [key for key in keys if key.revoked_at is not None]
    if revoked:
        with st.expander(f"{count(len(revoked), 'revoked key')}", icon=":material/key_off:", key="deploy_keys_revoked"):
            for key in revoked:
                st.markdown(f"**{plain(key.name)}** `{key.prefix}…`, made by {plain(key.created_by)}")
                st.caption(f"Revoked by {plain(key.revoked_by or 'nobody')} on {say_moment(key.revoked_at)}.")


def _say_who_may_ask(keys: list[ApiKey], usable: list[ApiKey]) -> str:
    if not keys:
        return (
            "There is no key. Every program on this machine may ask the model; other machines are not let in. "
            "A key says who asks, and keeps all others out."
        )
    if not usable:
        return "Every key is revoked, so only this dashboard may ask. Make a key for the programs that should."
    which = "the one key there is" if len(usable) == 1 else f"one of {len(usable):,} keys"
    return f"Only who sends {which} may ask, and this dashboard."


def _show_new(keys: list[ApiKey]) -> None:
    """Show the secret of a key that was just made, until the person has put it away."""
    key_id, secret = st.session_state.get(NEW, ("", ""))
    if key_id not in {key.id for key in keys}:
        return
    with st.container(border=True, key="deploy_key_secret"):
        st.markdown("**Copy your key now: it is shown only this once.** Whoever has it can ask in your name.")
        st.code(secret, language=None, wrap_lines=True)
        if st.button("I have put it away", icon=":material/check:", key="deploy_key_kept"):
            del st.session_state[NEW]
            st.rerun()


def _show_key(key: ApiKey) -> None:
    with st.container(border=True, key=f"deploy_key_{key.id}"):
        allowed = ", ".join(WORDS[scope] for scope in key.scopes)
        where = "all projects" if key.project_id is None else "this project"
        st.markdown(f"**{plain(key.name)}** `{key.prefix}…` · {where}: {allowed}; {key.per_minute:,} times a minute")
        used = f"last used {say_ago(key.last_used_at)}" if key.last_used_at else "not used yet"
        st.caption(f"Made by {plain(key.created_by)} on {say_moment(key.created_at)}, {used}.")
        with st.popover("Revoke", icon=":material/key_off:", key=f"deploy_key_ask_{key.id}"):
            st.markdown("Programs that use it are refused within a second. This cannot be taken back.")
            if st.button("Revoke it now", type="primary", key=f"deploy_key_revoke_{key.id}"):
                with error_frame():
                    deploy.revoke_key(store(), key.id, by=person())
                    st.rerun()


def _key_form(number: int) -> None:
    """Draw the form; the number in the keys empties it as soon as a key is made."""
    prefix = f"deploy_key_{number}"
    with st.form(f"{prefix}_form", border=False):
        name = st.text_input("What is it for?", placeholder="Till in the shop", max_chars=60, key=f"{prefix}_name")
        scopes = st.multiselect("It may", list(WORDS), ["predict"], format_func=WORDS.get, key=f"{prefix}_scopes")
        per_minute = st.number_input(
            "Questions a minute, at most", 1, deploy.MOST_PER_MINUTE, PER_MINUTE, key=f"{prefix}_per_minute"
        )
        everywhere = st.checkbox("For all projects, not only this one", key=f"{prefix}_everywhere")
        if st.form_submit_button("Make the key", icon=":material/key:", key=f"{prefix}_create"):
            with error_frame():
                made = deploy.create_key(
                    store(),
                    None if everywhere else project().id,
                    name=name,
                    scopes=scopes,
                    per_minute=int(per_minute),
                    by=person(),
                )
                st.session_state[NEW] = (made.key.id, made.secret)
                st.rerun()
