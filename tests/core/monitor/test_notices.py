"""Notices: written with the change they tell of, signed, sent until they are taken, and never to a private place."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from core import monitor, plan
from core.errors import BadInputError
from core.monitor.notices import delivering
from core.monitor.notices.webhook import sign
from core.records import Alert, AlertChange, Channel, Delivery, ModelVersion, Window, utc_now
from core.store import Store
from tests.certificates import certify_good_example
from tests.core.monitor.conftest import START, make_reference
from tests.receivers import SECRET, HookReceiver, MailReceiver
from tests.running import free_port

PRIVATE = "FULL_CIRCLE_ALLOW_PRIVATE"


@pytest.fixture(autouse=True)
def own_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PRIVATE, "1")


@pytest.fixture
def model(store: Store, make_live: Callable[..., ModelVersion]) -> ModelVersion:
    """A live model half of whose requests fail."""
    model = make_live(make_reference(pd.DataFrame({"heat": [1.0, 2.0, 3.0] * 50}), ["no", "yes"] * 50))
    store.log.append([], [Window("p", model.id, START, n_requests=100, n_errors=50)])
    return model


def look(store: Store) -> list[Alert]:
    return monitor.check_alerts(store, "p", now=START + timedelta(minutes=1))


@pytest.fixture
def hook() -> Iterator[HookReceiver]:
    with HookReceiver().running() as receiver:
        yield receiver


@pytest.fixture
def post_box() -> Iterator[MailReceiver]:
    with MailReceiver().running() as receiver:
        yield receiver


def add_hook(store: Store, receiver: HookReceiver, **wishes: object) -> Channel:
    return monitor.save_channel(
        store,
        "p",
        kind="webhook",
        name="Chat",
        settings={"url": receiver.url},
        secret=receiver.secret,
        by="Anna",
        **wishes,
    )


def mail_settings(port: int, **changes: object) -> dict[str, object]:
    return {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "user": "",
        "sender": "full-circle@example.org",
        "recipients": ["anna@example.org", "bert@example.org"],
        **changes,
    }


def add_mail(store: Store, port: int, secret: str = "", **changes: object) -> Channel:
    settings = mail_settings(port, **changes)
    return monitor.save_channel(store, "p", kind="mail", name="Mail", settings=settings, secret=secret, by="Anna")


def only(store: Store) -> Delivery:
    (delivery,) = store.find(Delivery)
    return delivery


def test_an_opened_alert_reaches_the_web_receiver_signed(store: Store, model: ModelVersion, hook: HookReceiver) -> None:
    add_hook(store, hook)
    (alert,) = look(store)
    assert monitor.deliver_due(store, utc_now()) == 1
    (notice,) = hook.notices.values()
    assert hook.bad_signatures == []
    assert (notice["id"], notice["type"]) == (only(store).id, "alerts.changed")
    assert notice["project"] == {"id": "p", "slug": "live", "name": "Live"}
    told = notice["alerts"][0]
    assert (told["id"], told["change"], told["severity"], told["model_version"]) == (alert.id, "opened", "critical", 1)
    assert notice["text"].startswith("New: Requests go unanswered. In the last 15 minutes")
    assert only(store).status == "delivered"
    assert monitor.deliver_due(store, utc_now()) == 0


def test_the_signature_is_that_of_the_standard() -> None:
    """The example of the Standard Webhooks specification."""
    body = b'{"test": 2432232314}'
    secret, notice_id = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert sign(secret, notice_id, 1614265330, body) == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_several_alerts_of_one_moment_are_one_notice_and_each_channel_hears_what_it_is_for(
    store: Store, model: ModelVersion, hook: HookReceiver
) -> None:
    everything = add_hook(store, hook, severities=("info", "warning", "critical"))
    only_errors = add_hook(store, hook, kinds=("errors",))
    only_notes = add_hook(store, hook, severities=("info",))
    store.log.append([], [Window("p", model.id, START, n_requests=100, n_rows=100, n_dropped=5)])
    assert len(look(store)) == 2
    told = {delivery.channel_id: delivery.payload for delivery in store.find(Delivery)}
    assert [alert["kind"] for alert in told[everything.id]["alerts"]] == ["errors", "dropped"]
    assert [alert["kind"] for alert in told[only_errors.id]["alerts"]] == ["errors"]
    assert only_notes.id not in told


def test_what_is_over_is_told_and_what_is_silenced_is_not(
    store: Store, model: ModelVersion, hook: HookReceiver
) -> None:
    add_hook(store, hook)
    (alert,) = look(store)
    monitor.acknowledge_alert(store, alert.id, by="Anna")
    monitor.resolve_alert(store, alert.id, by="Anna", reason="The cable is in again")
    monitor.reopen_alert(store, alert.id, by="Bert")
    monitor.silence_alert(store, alert.id, by="Bert", until=utc_now() + timedelta(hours=1))
    monitor.resolve_alert(store, alert.id, by="Bert", reason="Done")
    told = [delivery.payload["alerts"][0]["change"] for delivery in store.find(Delivery)]
    assert told == ["opened", "resolved", "reopened"]
    assert "Over: Requests go unanswered. The cable is in again" in store.find(Delivery)[1].payload["text"]


def test_a_notice_is_written_with_the_alert_or_not_at_all(
    store: Store, model: ModelVersion, hook: HookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.monitor.notices import outgoing

    def fail(*_: object) -> None:
        raise RuntimeError("The power is gone.")

    add_hook(store, hook)
    with monkeypatch.context() as patched:
        patched.setattr(outgoing, "_describe", fail)
        with pytest.raises(RuntimeError):
            look(store)
    assert (store.count(Alert), store.count(Delivery)) == (0, 0)
    look(store)
    assert (store.count(Alert), store.count(Delivery)) == (1, 1)


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (500, {}, "127.0.0.1 answers with error 500."),
        (403, {}, "127.0.0.1 does not let us in."),
        (302, {"Location": "http://127.0.0.1/else"}, "127.0.0.1 leads to another address."),
    ],
)
def test_a_notice_that_is_not_taken_says_why_and_is_tried_again(
    store: Store, model: ModelVersion, hook: HookReceiver, status: int, headers: dict[str, str], words: str
) -> None:
    channel = add_hook(store, hook)
    hook.status, hook.headers = status, headers
    monitor.try_channel(store, channel.id, by="Anna")
    assert monitor.deliver_due(store, utc_now()) == 0
    failed = only(store)
    assert failed.status == "waiting"
    assert failed.problem.startswith(words)
    assert monitor.deliver_due(store, utc_now()) == 0  # Not before the pause is over.
    hook.status, hook.headers = 200, {}
    assert monitor.deliver_due(store, failed.next_at) == 1
    assert hook.came == {failed.id: 2}
    assert hook.notices[failed.id]["text"].startswith("Anna tries the channel 'Chat' of Live.")


def test_pauses_grow_to_an_hour_and_after_three_days_a_notice_is_given_up(
    store: Store, model: ModelVersion, hook: HookReceiver
) -> None:
    pauses = [delivering.pause_after(n).total_seconds() for n in range(1, 14)]
    assert pauses[:4] == [5, 10, 20, 40]
    assert max(pauses) == 3600
    channel = add_hook(store, hook)
    hook.status = 500
    delivery = monitor.try_channel(store, channel.id, by="Anna")
    store.update(delivery, created_at=utc_now() - delivering.GIVE_UP_AFTER)
    monitor.deliver_due(store, utc_now())
    assert (only(store).status, only(store).problem[:9]) == ("dead", "127.0.0.1")


def test_nobody_there_is_said_and_a_removed_channel_ends_what_waits_for_it(store: Store, model: ModelVersion) -> None:
    channel = monitor.save_channel(
        store,
        "p",
        kind="webhook",
        name="Gone",
        settings={"url": f"http://127.0.0.1:{free_port()}/"},
        secret=SECRET,
        by="Anna",
    )
    monitor.try_channel(store, channel.id, by="Anna")
    monitor.deliver_due(store, utc_now())
    assert only(store).problem.startswith("127.0.0.1 does not answer.")
    monitor.remove_channel(store, channel.id)
    assert store.files.secret(channel.id) == ""
    monitor.deliver_due(store, only(store).next_at)
    assert (only(store).status, only(store).problem) == ("dead", "The channel was removed.")


def test_a_deleted_project_takes_its_channels_and_their_secrets_along(
    store: Store, model: ModelVersion, hook: HookReceiver
) -> None:
    channel = add_hook(store, hook)
    look(store)
    plan.delete_project(store, "p")
    assert [store.count(kind) for kind in (Channel, Delivery, Alert, AlertChange)] == [0, 0, 0, 0]
    assert store.files.secret(channel.id) == ""


def test_private_addresses_are_refused_unless_the_operator_allows_them(
    store: Store, model: ModelVersion, hook: HookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    channels = [add_hook(store, hook), add_mail(store, free_port())]
    for channel in channels:
        monitor.try_channel(store, channel.id, by="Anna")
    monkeypatch.delenv(PRIVATE)
    monitor.deliver_due(store, utc_now())
    assert hook.came == {}
    assert all("within the server's own network" in delivery.problem for delivery in store.find(Delivery))


def test_a_claim_of_a_process_that_died_runs_out(store: Store, model: ModelVersion, hook: HookReceiver) -> None:
    channel = add_hook(store, hook)
    delivery = monitor.try_channel(store, channel.id, by="Anna")
    now = utc_now()
    assert store.outbox.claim(delivery, now, delivering.LEASE) is not None
    assert store.outbox.claim(delivery, now, delivering.LEASE) is None  # Another process comes too late.
    assert monitor.deliver_due(store, now) == 0
    assert monitor.deliver_due(store, now + delivering.LEASE) == 1


def test_mail_arrives_for_all_recipients_under_the_id_of_the_notice(
    store: Store, model: ModelVersion, post_box: MailReceiver
) -> None:
    add_mail(store, post_box.port)
    look(store)
    assert monitor.deliver_due(store, utc_now()) == 1
    ((message_id, mail),) = post_box.mails.items()
    assert message_id == f"<{only(store).id}@example.org>"
    assert mail["Subject"] == "Live: new: Requests go unanswered"
    assert post_box.recipients == [["anna@example.org", "bert@example.org"]]
    assert "failed in the service" in mail.get_content()


def test_a_recipient_the_mail_server_does_not_know_is_named(
    store: Store, model: ModelVersion, post_box: MailReceiver
) -> None:
    channel = add_mail(store, post_box.port)
    post_box.refused = {"bert@example.org"}
    monitor.try_channel(store, channel.id, by="Anna")
    assert monitor.deliver_due(store, utc_now()) == 1
    assert only(store).problem == "The server takes no mail for bert@example.org."
    post_box.refused.add("anna@example.org")
    later = monitor.try_channel(store, channel.id, by="Anna")
    assert monitor.deliver_due(store, utc_now()) == 0
    assert "mail for none of the recipients" in store.get(Delivery, later.id).problem


def test_mail_goes_with_a_password_over_an_encrypted_connection_to_a_server_that_proves_itself(
    store: Store, model: ModelVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = certify_good_example(tmp_path, monkeypatch)
    with MailReceiver(user="anna", password=SECRET, certificate=certificate).running() as server:
        wishes = {"security": "starttls", "user": "anna"}
        good = add_mail(store, server.port, SECRET, host="good.example", **wishes)
        evil = add_mail(store, server.port, SECRET, host="evil.example", **wishes)
        wrong = add_mail(store, server.port, SECRET[::-1], host="good.example", **wishes)
        plain = add_mail(store, server.port, host="good.example")
        for channel in (good, evil, wrong, plain):
            monitor.try_channel(store, channel.id, by="Anna")
        assert monitor.deliver_due(store, utc_now()) == 1
    problems = {delivery.channel_id: delivery.problem for delivery in store.find(Delivery)}
    assert problems[good.id] == ""
    assert "cannot prove who it is" in problems[evil.id]
    assert "does not take the password" in problems[wrong.id]
    assert "refuses the mail (code 530)" in problems[plain.id]
    assert len(server.mails) == 1


def test_secrets_are_in_no_record_no_notice_and_no_log(
    store: Store, model: ModelVersion, hook: HookReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    channel = add_hook(store, hook)
    hook.status = 500
    monitor.try_channel(store, channel.id, by="Anna")
    monitor.deliver_due(store, utc_now())
    kept = f"{store.find(Channel)} {store.find(Delivery)} {json.dumps(only(store).payload)} {caplog.text}"
    assert SECRET not in kept
    assert hook.bad_signatures == []
    assert (store.home / "secrets" / channel.id).stat().st_mode & 0o77 == 0


@pytest.mark.parametrize(
    ("kind", "settings", "secret", "words"),
    [
        ("webhook", {"url": "ftp://example.org"}, SECRET, "not a web address"),
        ("webhook", {"url": "https://a:b@example.org"}, SECRET, "holds a name or password"),
        ("webhook", {"url": "https://example.org/?token=abc"}, SECRET, "holds a secret"),
        ("webhook", {"url": "https://example.org"}, "short", "fewer than 16 characters"),
        ("mail", mail_settings(25, host="mail server"), "", "not the name of a mail server"),
        ("mail", mail_settings(0), "", "none of a mail server"),
        ("mail", mail_settings(25, recipients=[]), "", "nobody to send to"),
        ("mail", mail_settings(25, sender="Anna"), "", "'Anna' is not a mail address"),
        ("mail", mail_settings(25, recipients=["a@example.org\nBcc: b@example.org"]), "", "not a mail address"),
        ("mail", mail_settings(25, user="anna"), "secret", "for all to read"),
        ("mail", mail_settings(25, user="anna", security="tls"), "", "belong together"),
    ],
)
def test_a_channel_that_cannot_work_is_refused(
    store: Store, model: ModelVersion, kind: str, settings: dict[str, object], secret: str, words: str
) -> None:
    with pytest.raises(BadInputError, match=words):
        monitor.save_channel(store, "p", kind=kind, name="New", settings=settings, secret=secret, by="Anna")
    assert store.count(Channel) == 0
    assert list((store.home / "secrets").iterdir()) == []


def test_a_secret_is_not_taken_along_to_another_server(store: Store, model: ModelVersion, hook: HookReceiver) -> None:
    channel = add_hook(store, hook)
    with pytest.raises(BadInputError, match="leads to another server"):
        monitor.change_channel(store, channel.id, settings={"url": "https://example.org/"})
    changed = monitor.change_channel(store, channel.id, settings={"url": f"{hook.url}/here"}, enabled=False)
    assert (changed.settings["url"], changed.enabled) == (f"{hook.url}/here", False)
    monitor.change_channel(store, channel.id, settings={"url": "https://example.org/"}, secret=SECRET[::-1])
    assert store.files.secret(channel.id) == SECRET[::-1]
