"""The recipe that a person is changing and has not saved: kept for them, so that loading the page anew loses none."""

from dataclasses import replace

from core.prepare.recipe import current_recipe
from core.records import Recipe, utc_now
from core.store import Store, record_from_json, record_to_json


def is_changed(recipe: Recipe, base: Recipe) -> bool:
    """Whether a recipe does anything in another way than the one it was begun from."""
    return (recipe.steps, recipe.split) != (base.steps, base.split)


def keep_draft(store: Store, recipe: Recipe, *, by: str) -> None:
    """Keep a changed recipe for a person, in the place of what they changed before."""
    kept = replace(recipe, created_by=by, created_at=utc_now())
    with store.files.write_file(store.files.draft(recipe.project_id, by)) as temporary:
        temporary.write_text(record_to_json(kept), encoding="utf-8")


def find_draft(store: Store, base: Recipe, *, by: str) -> Recipe | None:
    """Return what a person had changed about the recipe of a project; None when nothing is kept that still fits.

    It fits the table and target it was made for, until anyone saves a recipe.

    Parameters
    ----------
    base : Recipe
        The recipe to start from, for the present table and target.
    """
    path = store.files.draft(base.project_id, by)
    try:
        draft = record_from_json(Recipe, path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # Another version of Full Circle may have written it.
        return None
    current = current_recipe(store, base.project_id)
    outdated = current is not None and current.created_at > draft.created_at
    same = ("dataset_id", "target", "task")
    fits = not outdated and all(getattr(draft, name) == getattr(base, name) for name in same)
    return draft if fits else None


def drop_draft(store: Store, project_id: str, *, by: str) -> None:
    """Forget what a person had changed and not saved."""
    store.files.draft(project_id, by).unlink(missing_ok=True)
