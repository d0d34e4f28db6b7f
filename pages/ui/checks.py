"""What checks found in a table: problems first, each with what shows it and what mends it in one click."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from core import collect, plan, prepare
from core.errors import LifecycleError
from core.records import AcceptedFinding, CheckReport, CheckResult, DatasetVersion, Evidence, Fix, Recipe, Task
from pages.ui.errors import error_frame
from pages.ui.frame import run_again
from pages.ui.navigation import link_to
from pages.ui.recipe import base_recipe
from pages.ui.state import person, project, store
from pages.ui.words import count, plain

MAX_TO_CHOOSE = 50
UNDONE_ON_PREPARE = "You can change it back on Prepare data."


@st.cache_data(max_entries=32, show_spinner="Checking every row ...")
def _report(dataset_id: str, target: str | None, task: Task | None) -> CheckReport:
    return collect.run_checks(store(), dataset_id, target=target, task=task)


@st.fragment
def show_checks(table: DatasetVersion) -> None:
    """Draw how all checks of a table ended, with their fixes."""
    with error_frame():
        objective = plan.current_objective(store(), table.project_id)
        target = objective.target if objective.target in table.column_names else None
        report = _report(table.id, target, objective.task if target else None)
        recipe = _recipe() if target else None
        _offer_undo(table)
        findings = prepare.review_findings(store(), table.project_id, report, recipe)
        found = [one.result for one in findings if one.state == "open"]
        _sum_up(found, n_passed=len(report.ended("passed")), n_settled=len(findings) - len(found))
        if target is None:
            st.caption("Some checks wait until it is said above which column to predict.")
        for result in found:
            _show_finding(table, result, target, recipe)
        _show_settled(findings)
        _list("Passed", report.ended("passed"), ":material/check_circle:")
        _list("Not applicable", report.ended("not_applicable"), ":material/do_not_disturb_on:")


def _recipe() -> Recipe | None:
    try:
        return base_recipe()[0]
    except LifecycleError:  # There is no recipe for such a target; a check says why.
        return None


def _sum_up(found: list[CheckResult], *, n_passed: int, n_settled: int) -> None:
    n_problems = sum(one.outcome == "problem" for one in found)
    n_notes = len(found) - n_problems
    things = "1 thing" if n_notes == 1 else f"{n_notes} things"
    settled = f", {n_settled} of them settled by the recipe or called right" if n_settled else ""
    st.markdown(f"**{count(n_problems, 'problem')}, {things} to know, {n_passed + n_settled} fine{settled}.**")


def _offer_undo(table: DatasetVersion) -> None:
    if table.edit is None:
        return
    st.success(plain(table.edit.sentence), title=f"What was done, by {plain(table.created_by)}", icon=":material/edit:")
    if table.edit.kind != collect.UNDO and st.button("Undo this", icon=":material/undo:", key="collect_undo"):
        restored = collect.undo_edit(store(), table.id, by=person())
        prepare.follow_edit(store(), table.id, restored, by=person())
        run_again(f"The table is as it was before: version {restored.number}.")


def _show_finding(table: DatasetVersion, result: CheckResult, target: str | None, recipe: Recipe | None) -> None:
    grave = result.outcome == "problem"
    icon = ":red[:material/error:]" if grave else ":blue[:material/info:]"
    with st.container(border=True, gap="xsmall", key=f"collect_check_{result.code}"):
        st.markdown(f"{icon} **{result.title}** :gray-badge[{result.code}]")
        st.markdown(plain(result.sentence))
        st.caption(plain(result.why))
        if result.evidence:
            _show_evidence(result.code, result.evidence)
        for number, fix in enumerate(result.fixes):
            _offer(table, result, fix, number, recipe)
        right = "It is right so"
        if st.button(right, key=f"collect_accept_{result.code}", icon=":material/thumb_up:", type="tertiary"):
            collect.accept_finding(store(), table.project_id, result, target=target, by=person())
            run_again(f"{result.title}: not spoken of again.")


def _show_evidence(code: str, evidence: Evidence) -> None:
    rows = evidence.headings[0] == "Row"
    with st.expander("Rows that show it" if rows else "What shows it", icon=":material/search:"):
        # A column of the table may be called "Row", too.
        names = [
            name if name not in evidence.headings[:at] else f"{name} " for at, name in enumerate(evidence.headings)
        ]
        frame = pd.DataFrame([list(row) for row in evidence.rows], columns=names, dtype="str")
        st.dataframe(frame, hide_index=True, height="content", key=f"collect_evidence_{code}", alt="What shows it")
        if evidence.n_more:
            st.caption(f"{evidence.n_more:,} more are not shown.")


def _offer(table: DatasetVersion, result: CheckResult, fix: Fix, number: int, recipe: Recipe | None) -> None:
    """Draw a button for a fix, with what exactly it will do."""
    key = f"collect_fix_{result.code}_{number}"
    for_recipe = fix.kind != "edit"
    columns = _choose_columns(fix, key) if fix.kind == "leave_out" else fix.columns
    disabled = for_recipe and (recipe is None or (fix.kind == "leave_out" and not columns))
    label = fix.label if columns == fix.columns else f"Leave out {count(len(columns), 'column')}"
    clicked = st.button(plain(label), key=key, icon=_icon(fix), disabled=disabled)
    waits = " First choose above which column to predict." if for_recipe and recipe is None else ""
    st.caption(plain(fix.sentence + waits))
    if clicked and for_recipe and recipe is not None:
        changed = prepare.apply_fix(recipe, fix, code=result.code, columns=columns)
        prepare.save_recipe(store(), replace(changed, created_by=person()))
        run_again(f"Saved in the recipe. {UNDONE_ON_PREPARE}")
    elif clicked and fix.edit:
        with st.spinner("Making a new version of the table ..."):
            edited = collect.edit_table(store(), table.id, fix.edit, by=person())
            prepare.follow_edit(store(), table.id, edited, by=person())
        run_again(f"{edited.note or 'There was nothing to change.'} It is version {edited.number} now.")


def _icon(fix: Fix) -> str:
    return ":material/edit:" if fix.kind == "edit" else ":material/checklist:"


def _choose_columns(fix: Fix, key: str) -> tuple[str, ...]:
    if not 1 < len(fix.columns) <= MAX_TO_CHOOSE:
        return fix.columns
    return tuple(st.multiselect("Which of them", fix.columns, default=fix.columns, key=f"{key}_columns"))


def _show_settled(findings: tuple[prepare.Finding, ...]) -> None:
    """Say in one place what the recipe settles and what somebody called right."""
    in_recipe = [one.result for one in findings if one.state == "in_recipe"]
    accepted = [one for one in findings if one.accepted is not None]
    if in_recipe:
        with st.expander(f"Settled by the recipe: {len(in_recipe)}", icon=":material/checklist:"):
            for result in in_recipe:
                st.markdown(f"- {plain(result.sentence)} :gray-badge[{result.code}]")
            link_to("prepare", "See the recipe")
    if accepted:
        with st.expander(f"Right so: {len(accepted)}", icon=":material/thumb_up:"):
            for one in accepted:
                _show_accepted(one.result, one.accepted)


def _show_accepted(result: CheckResult, accepted: AcceptedFinding | None) -> None:
    if accepted is None:
        return
    st.markdown(f"{plain(result.sentence)} :gray-badge[{result.code}]")
    st.caption(f"It is right so, says {plain(accepted.created_by)}.")
    if st.button("Speak of it again", key=f"collect_again_{result.code}", type="tertiary", icon=":material/undo:"):
        collect.take_back(store(), accepted.id)
        run_again(f"{result.title}: spoken of again.")


def _list(title: str, results: tuple[CheckResult, ...], icon: str) -> None:
    if results:
        with st.expander(f"{title}: {len(results)}", icon=icon):
            for result in results:
                st.markdown(f"- **{result.title}**: {plain(result.sentence)} :gray-badge[{result.code}]")


def say_open_problems() -> None:
    """Say in one line that problems of the data are open, with the way there; nothing where none is known."""
    problems = prepare.open_problems(store(), project().id)
    if not problems:
        return
    titles = ", ".join(result.title.lower() for result in problems)
    verb = "is" if len(problems) == 1 else "are"
    with st.container(horizontal=True, vertical_alignment="center", key="open_problems"):
        text = f":red[:material/error:] {count(len(problems), 'problem')} of the data {verb} open: {plain(titles)}."
        st.markdown(text, width="content")
        link_to("collect", "See the checks")
