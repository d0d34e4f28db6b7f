"""What a person sees and can do on Deploy model."""

from core import records


def test_without_a_tested_model_it_leads_to_evaluate(world, open_page, text_of):
    world.train()
    page = open_page("deploy_model")
    assert "There is no tested model yet." in text_of(page)
    assert "Go to Evaluate models" in [link.value for link in page.page_link]


def test_a_tested_model_can_be_handed_in(world, open_page, text_of):
    world.evaluate()
    page = open_page("deploy_model")
    assert "Nothing is live yet" in text_of(page)
    page.button(key="deploy_register_start").click().run()
    job = world.store.newest(records.Job, project_id=world.id, kind="register")
    assert job.params["evaluation_id"] == world.evaluation.id


def test_whoever_handed_it_in_cannot_approve_it(world, open_page, text_of):
    world.register()
    page = open_page("deploy_model")
    page.text_input(key="deploy_approve_name").set_value("anna")
    page.button(key="deploy_approve_approve").click().run()
    assert "Anna asked for version 1 and cannot approve it, too." in text_of(page)
    assert world.store.get(records.ModelVersion, world.model.id).status == "registered"


def test_another_person_can_approve_it(world, open_page, text_of):
    world.register()
    page = open_page("deploy_model")
    assert page.text_input(key="deploy_approve_name").value == ""
    page.text_input(key="deploy_approve_name").set_value("Ben")
    page.button(key="deploy_approve_approve").click().run()
    assert world.store.get(records.ModelVersion, world.model.id).approved_by == "Ben"
    assert "approved by Ben" in text_of(page)


def test_an_approved_model_goes_live_and_starts_the_first_lap(world, open_page, text_of):
    world.register("approved")
    page = open_page("deploy_model")
    page.button(key="deploy_promote").click().run()
    assert world.store.releases.current(world.id).model_version_id == world.model.id
    assert world.store.newest(records.Lap, project_id=world.id).number == 1
    assert "Version 1 (Random forest) is live" in text_of(page)


def test_the_threshold_is_named_where_it_is_handed_in_approved_and_live(world, open_page, text_of):
    world.evaluate()
    threshold = records.DecisionThreshold(0.3, "yes", "Ada chose it.", "Ada")
    world.store.update(world.evaluation, threshold=threshold)
    page = open_page("deploy_model")
    assert page.selectbox(key="deploy_register_evaluation").options[0].endswith("'yes' from 30 % on")
    for status in ("registered", "approved"):
        world.register(status)
        world.store.update(world.evaluation, threshold=threshold)
        if status == "approved":
            world.put_live(world.model, 1)
        told = text_of(open_page("deploy_model"))
        assert "It says 'yes' from a chance of 30 % on. Ada chose it." in told


def test_of_two_people_who_promote_at_once_the_second_is_told(world, open_page, text_of):
    world.register("approved")
    page = open_page("deploy_model")
    other = world.add_model(2, "approved")
    world.put_live(other, 1)
    page.button(key="deploy_promote").click().run()
    assert "Someone else changed what is live while you were looking." in text_of(page)
    assert world.store.releases.current(world.id).model_version_id == other.id


def test_a_version_that_was_live_before_is_taken_back_to_rather_than_offered_as_new(world, open_page, text_of):
    world.go_live()
    world.put_live(world.add_model(2, "approved"), 2)
    page = open_page("deploy_model")
    assert "No other tested model waits." in text_of(page)
    assert "Retrain model" in [link.value for link in page.page_link]
    assert [button for button in page.button if button.key == "deploy_promote"] == []


def test_what_is_live_is_told_with_people_and_engine(world, open_page, text_of):
    world.go_live()
    told = text_of(open_page("deploy_model"))
    assert "made live by Anna, approved by Ben" in told
    assert "What computes: ONNX Runtime computes the model." in told


def test_without_the_service_a_button_starts_it(world, open_page, text_of):
    world.go_live()
    page = open_page("deploy_model")
    assert "The prediction service is not running" in text_of(page)
    assert page.button(key="deploy_start_service")


def test_the_form_starts_with_typical_values_and_asks_the_service(world, service, open_page, text_of):
    world.go_live()
    page = open_page("deploy_model")
    page.number_input(key="deploy_try_0").set_value(1500.0)
    page.selectbox(key="deploy_try_1").set_value("B6")
    page.button(key="deploy_try_ask").click().run()
    row = {
        "distance": 1500.0,
        "carrier": "B6",
        "holiday": False,
        "scheduled": "2013-05-01T12:00:00",
        "remark*": "none",
    }
    assert service == [(f"/v1/{world.project.slug}/predict", [row])]
    told = text_of(page)
    assert "Its answer for late: yes" in told
    assert "abc123" in told
    assert "yes: 80% sure" in [bar.text for bar in page.progress]


def test_what_is_wrong_with_the_service_is_said_at_the_top(world, service, open_page, text_of):
    world.go_live()
    told = text_of(open_page("deploy_model"))
    assert "Needs a look" in told
    assert "No space left on device" in told


def test_the_question_can_be_copied_as_a_command_and_as_a_program(world, service, open_page):
    world.go_live()
    page = open_page("deploy_model")
    command, program = (block.value for block in page.code)
    assert command.startswith("curl")
    assert f"/v1/{world.project.slug}/predict" in command
    compile(program, "snippet", "exec")
