"""Who may ask: what a person sees and does about keys on Deploy model."""

from core import deploy, records


def test_without_a_key_it_says_who_may_ask(world, open_page, text_of):
    world.go_live()
    page = open_page("deploy_model")
    assert "There is no key. Every program on this machine may ask" in text_of(page)
    assert "programs that ask today without a key are refused" in text_of(page)


def test_a_key_is_made_and_its_secret_shown_until_it_is_put_away(world, open_page, text_of):
    world.go_live()
    page = open_page("deploy_model")
    page.text_input(key="deploy_key_0_name").set_value("Till *1*")
    page.number_input(key="deploy_key_0_per_minute").set_value(30)
    page.multiselect(key="deploy_key_0_scopes").set_value(["predict", "label"])
    page.button(key="deploy_key_0_create").click().run()
    (key,) = world.store.find(records.ApiKey)
    assert (key.name, key.scopes, key.per_minute, key.project_id) == ("Till *1*", ("predict", "label"), 30, world.id)
    (secret,) = [code.value for code in page.code if code.value.startswith("fc_")]
    assert deploy.digest_secret(secret) == key.digest
    assert "Till *1*" in text_of(page)
    assert "not used yet" in text_of(page)
    page.button(key="deploy_key_kept").click().run()
    assert not [code for code in page.code if code.value.startswith("fc_")]
    assert page.text_input(key="deploy_key_1_name").value == ""


def test_the_secret_is_not_shown_to_anybody_else(world, open_page, text_of):
    world.go_live()
    made = deploy.create_key(world.store, world.id, name="Till", scopes=["predict"], per_minute=60, by="Anna")
    page = open_page("deploy_model")
    assert made.key.prefix in text_of(page)
    assert made.secret not in text_of(page)
    assert not [code for code in page.code if made.secret in code.value]


def test_a_key_without_a_name_is_not_made(world, open_page, text_of):
    world.go_live()
    page = open_page("deploy_model")
    page.button(key="deploy_key_0_create").click().run()
    assert "The key has no name" in text_of(page)
    assert world.store.count(records.ApiKey) == 0


def test_a_key_is_revoked_and_stays_visible_as_such(world, open_page, text_of):
    world.go_live()
    made = deploy.create_key(world.store, world.id, name="Till", scopes=["predict"], per_minute=60, by="Anna")
    page = open_page("deploy_model")
    page.button(key=f"deploy_key_revoke_{made.key.id}").click().run()
    assert world.store.get(records.ApiKey, made.key.id).revoked_at is not None
    assert "Every key is revoked, so only this dashboard may ask." in text_of(page)
    assert "Revoked by" in text_of(page)
