"""What a check found may be right so: a person says it once, with their name, and is not asked again."""

from core.collect.checks import CHECKS
from core.records import AcceptedFinding, CheckReport, CheckResult
from core.store import Store


def accept_finding(
    store: Store, project_id: str, result: CheckResult, *, target: str | None, by: str
) -> AcceptedFinding:
    """Keep that a finding is right so; it counts for later versions, too, while the same columns are concerned.

    Parameters
    ----------
    result : CheckResult
        A problem or a note.
    target : str or None
        What is to be predicted; a finding about the target is accepted for this one only.
    """
    about = target if _about_target(result.code) else None
    return store.add(AcceptedFinding(project_id, result.code, result.columns, about, by))


def take_back(store: Store, accepted_id: str) -> None:
    """Forget that a finding was accepted: it is spoken of again."""
    store.remove(AcceptedFinding, id=accepted_id)


def accepted_findings(store: Store, project_id: str, report: CheckReport) -> dict[str, AcceptedFinding]:
    """Return for the codes whose finding in this report is accepted who said so."""
    known = store.find(AcceptedFinding, project_id=project_id)
    open_results = [result for result in report.results if result.outcome in ("problem", "note")]
    return {
        result.code: accepted
        for result in open_results
        for accepted in known
        if accepted.code == result.code
        and set(result.columns) <= set(accepted.columns)
        and (accepted.target is None or accepted.target == report.target)
        and (bool(result.columns) or not accepted.columns)
    }


def _about_target(code: str) -> bool:
    return any(check.code == code and check.about_target for check in CHECKS)
