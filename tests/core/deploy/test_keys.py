"""Keys to the prediction service: what is kept of them, and what is not."""

from pathlib import Path

import pytest

from core import deploy, plan
from core.errors import BadInputError, NotFoundError
from core.records import ApiKey
from core.store import Store


def make(store: Store, project_id: str | None, name: str = "Till", **changes: object) -> deploy.NewKey:
    wanted: dict[str, object] = {"scopes": ["predict"], "per_minute": 60, "by": "Anna", **changes}
    return deploy.create_key(store, project_id, name=name, **wanted)


def test_the_secret_of_a_key_is_kept_nowhere(store: Store) -> None:
    project = plan.create_project(store, "Late flights", by="Anna")
    made = make(store, project.id)
    assert len(made.secret) >= 43
    assert made.secret.startswith(made.key.prefix)
    (kept,) = store.find(ApiKey)
    assert kept == made.key
    assert kept.digest == deploy.digest_secret(made.secret)
    assert len(kept.prefix) < 10
    store.engine.dispose()
    everything = [path.read_bytes() for path in Path(store.home).rglob("*") if path.is_file()]
    assert everything
    assert not any(made.secret.encode() in content for content in everything)


def test_no_two_keys_are_alike(store: Store) -> None:
    assert len({make(store, None).secret for _ in range(20)}) == 20


def test_a_project_wants_a_key_since_the_first_also_when_all_are_revoked(store: Store) -> None:
    project, other = (plan.create_project(store, name, by="Anna") for name in ("First", "Second"))
    assert not deploy.needs_key(store, project.id)
    made = make(store, project.id)
    revoked = deploy.revoke_key(store, made.key.id, by="Bert")
    assert (revoked.revoked_by, revoked.revoked_at is not None) == ("Bert", True)
    assert deploy.needs_key(store, project.id)
    assert not deploy.needs_key(store, other.id)
    make(store, None)
    assert deploy.needs_key(store, other.id)


def test_a_key_that_is_revoked_again_keeps_who_revoked_it_first(store: Store) -> None:
    made = make(store, None)
    first = deploy.revoke_key(store, made.key.id, by="Bert")
    assert deploy.revoke_key(store, made.key.id, by="Cleo") == first


def test_keys_of_a_project_are_listed_newest_first_with_those_to_all(store: Store) -> None:
    project, other = (plan.create_project(store, name, by="Anna") for name in ("First", "Second"))
    for name, where in (("a", project.id), ("b", other.id), ("c", None)):
        make(store, where, name)
    assert [key.name for key in deploy.list_keys(store, project.id)] == ["c", "a"]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "  "},
        {"name": "x" * 61},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"per_minute": 0},
        {"per_minute": 10**7},
    ],
)
def test_what_makes_no_sense_makes_no_key(store: Store, changes: dict[str, object]) -> None:
    with pytest.raises(BadInputError):
        make(store, None, **changes)
    assert store.count(ApiKey) == 0


def test_a_key_that_is_not_there_cannot_be_revoked(store: Store) -> None:
    with pytest.raises(NotFoundError):
        deploy.revoke_key(store, "nothing", by="Anna")


def test_the_dashboards_own_key_is_made_once_in_a_file_for_the_user_alone(store: Store) -> None:
    secret = deploy.internal_key(store)
    assert deploy.internal_key(store) == secret
    (path,) = (store.home / "secrets").iterdir()
    assert path.read_text() == secret
    assert path.stat().st_mode & 0o077 == 0


def test_a_deleted_project_takes_its_keys_along(store: Store) -> None:
    project = plan.create_project(store, "Late flights", by="Anna")
    make(store, project.id)
    plan.delete_project(store, project.id)
    assert store.count(ApiKey) == 0


def test_a_key_made_elsewhere_is_entered_once_and_a_short_one_is_not(store: Store) -> None:
    key = deploy.enter_key(store, "s" * 43)
    assert deploy.enter_key(store, "s" * 43) == key
    assert (key.project_id, key.scopes) == (None, ("admin",))
    with pytest.raises(BadInputError, match="could be guessed"):
        deploy.enter_key(store, "short")
    assert store.count(ApiKey) == 1


def test_a_key_made_elsewhere_stays_revoked(store: Store) -> None:
    deploy.revoke_key(store, deploy.enter_key(store, "s" * 43).id, by="Anna")
    assert deploy.enter_key(store, "s" * 43).revoked_at is not None
