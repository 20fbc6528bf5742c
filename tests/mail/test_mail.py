"""Mail to moderators: what is told, how often, and what its links can and cannot do."""

from __future__ import annotations

import re
from dataclasses import replace
from email.message import EmailMessage

import pytest

from config.settings import Settings
from service.mail.links import MailLink, make_token
from service.mail.post import MailFailed, send
from service.moderation.verdict import Status
from service.store.sites import Site
from service.store.staff.accounts import Role
from service.store.staff.mailboxes import LINK_LIFE_S, Digest, Mailbox
from tests.api.house import INSULT, ORIGIN, Clock, House, app_over, pipeline
from tests.mail.conftest import Letterbox
from tests.web.staff import Staffer, staffer
from workers.mail import ALERT_PAUSE_MS, Writer

ADDRESS = "aicha@journal.example"
LINK = re.compile(r"https://comments\.example(/moderate/by-mail/\S+)")
WAIT_S = ALERT_PAUSE_MS / 1000 + 1


@pytest.fixture
def house(settings: Settings) -> House:
    built = House(app_over(settings))
    built.replace(pipeline=pipeline)
    built.make_passwords_cheap()
    built.services.store.sites.create(Site("demo", origins=(ORIGIN,), lang="fr"))
    return built


@pytest.fixture
def clock(house: House) -> Clock:
    return house.stop_the_clock()


@pytest.fixture
def moderator(house: House) -> Staffer:
    return staffer(house, "Aïcha")


def writer(house: House, clock: Clock) -> Writer:
    return Writer(house.services.store, house.services.settings, clock)


def wish(house: House, digest: Digest = Digest.NEVER, *, has_alerts: bool = True) -> None:
    boxes = house.services.store.mailboxes
    boxes.save("Aïcha", Mailbox(ADDRESS, digest, has_alerts))
    boxes.confirm("Aïcha", ADDRESS)


def hold(house: House, content: str = INSULT, **fields: str) -> str:
    """Post a comment and hold it, whatever the checks say."""
    answer = house.post_as_server(content=content, **fields).get_json()
    house.drain()
    comment_id = str(answer["id"])
    if house.record(comment_id).status is not Status.HELD:
        assert house.decide(house.key(), id=comment_id, action="hold").status_code == 200
    return comment_id


def links(letterbox: Letterbox) -> list[str]:
    return LINK.findall(letterbox.text())


@pytest.mark.usefixtures("moderator")
def test_a_held_comment_is_told_with_its_words_its_reasons_and_three_links(
    house: House, clock: Clock, letterbox: Letterbox
) -> None:
    wish(house)
    comment_id = hold(house)
    assert writer(house, clock).write() == 1
    letter = letterbox.letters[0]
    assert letter["To"] == ADDRESS
    assert letter["Auto-Submitted"] == "auto-generated"
    assert f"> {INSULT}" in letterbox.text()
    assert "/moderate?site=demo" in letterbox.text()
    assert len(links(letterbox)) == 3
    assert all(comment_id in link for link in links(letterbox))


@pytest.mark.usefixtures("moderator")
def test_the_authors_address_and_ip_are_in_no_letter(
    house: House, clock: Clock, letterbox: Letterbox
) -> None:
    wish(house)
    hold(house, email="secret@example.org", ip="192.0.2.99")
    writer(house, clock).write()
    assert "secret@" not in letterbox.text()
    assert "192.0.2.99" not in letterbox.text()


@pytest.mark.usefixtures("moderator")
def test_a_flood_of_held_comments_is_one_letter(
    house: House, clock: Clock, letterbox: Letterbox
) -> None:
    wish(house)
    for number in range(14):
        hold(house, f"{INSULT} {number}")
    assert [writer(house, clock).write() for _ in range(3)] == [1, 0, 0]
    assert letterbox.text().count("> ") == 10
    assert "Et 4 de plus." in letterbox.text()


@pytest.mark.usefixtures("moderator", "letterbox")
def test_spam_is_never_told(house: House, clock: Clock) -> None:
    wish(house, Digest.HOURLY)
    comment_id = hold(house)
    house.decide(house.key(), id=comment_id, action="spam")
    assert writer(house, clock).write() == 0


@pytest.mark.usefixtures("moderator", "letterbox")
def test_an_alert_comes_again_only_for_new_comments_and_after_a_pause(
    house: House, clock: Clock
) -> None:
    wish(house)
    hold(house)
    writer(house, clock).write()
    clock.now += WAIT_S
    assert writer(house, clock).write() == 0
    hold(house, f"{INSULT} encore")
    assert writer(house, clock).write() == 1


@pytest.mark.usefixtures("moderator", "letterbox")
def test_a_digest_comes_every_hour_while_something_waits(house: House, clock: Clock) -> None:
    wish(house, Digest.HOURLY, has_alerts=False)
    comment_id = hold(house)
    assert writer(house, clock).write() == 1
    clock.now += 3000
    assert writer(house, clock).write() == 0
    clock.now += 601
    assert writer(house, clock).write() == 1
    house.decide(house.key(), id=comment_id, action="approve")
    clock.now += 3601
    assert writer(house, clock).write() == 0


@pytest.mark.usefixtures("moderator", "letterbox")
def test_nothing_is_sent_to_an_address_that_is_not_confirmed(house: House, clock: Clock) -> None:
    house.services.store.mailboxes.save("Aïcha", Mailbox(ADDRESS, Digest.HOURLY, True))
    hold(house)
    assert writer(house, clock).write() == 0


@pytest.mark.usefixtures("letterbox")
def test_a_moderator_of_another_site_is_not_told(house: House, clock: Clock) -> None:
    house.add_site("other")
    staffer(house, "Aïcha", sites=frozenset({"other"}))
    wish(house)
    hold(house)
    assert writer(house, clock).write() == 0


def test_a_disabled_account_is_not_told(house: House, clock: Clock) -> None:
    staffer(house, "Aïcha")
    wish(house)
    hold(house)
    house.services.store.people.disable("Aïcha", "cli", int(clock.now * 1000))
    assert writer(house, clock).write() == 0


@pytest.mark.usefixtures("moderator")
def test_a_server_that_is_away_costs_one_try_and_a_pause(house: House, clock: Clock) -> None:
    wish(house)
    hold(house)
    assert writer(house, clock).write() == 0
    assert not house.services.store.mailboxes.begin_round(60)
    told = house.services.store.mailboxes.sent("Aïcha", "demo")
    assert told.alert_ms == 0


@pytest.mark.usefixtures("letterbox")
def test_a_refused_address_is_an_error_for_the_sender(settings: Settings) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"] = "a@journal.example", "refused@journal.example"
    with pytest.raises(MailFailed):
        send(settings, [letter])


@pytest.mark.usefixtures("moderator")
def test_opening_a_link_decides_nothing_and_its_button_does(
    house: House, clock: Clock, letterbox: Letterbox
) -> None:
    wish(house)
    comment_id = hold(house)
    writer(house, clock).write()
    approve = links(letterbox)[0]
    opened = house.client.get(approve)
    assert opened.status_code == 200
    assert INSULT in opened.get_data(as_text=True)
    assert house.record(comment_id).status is Status.HELD
    assert house.client.post(approve).status_code == 200
    record = house.record(comment_id)
    assert record.status is Status.APPROVED
    assert record.decision is not None
    assert record.decision.actor == "account:Aïcha"


@pytest.mark.usefixtures("moderator")
def test_a_link_is_used_once(house: House, clock: Clock, letterbox: Letterbox) -> None:
    wish(house)
    comment_id = hold(house)
    writer(house, clock).write()
    approve = links(letterbox)[0]
    house.client.post(approve)
    house.decide(house.key(), id=comment_id, action="hold")
    assert house.client.post(approve).status_code == 410
    assert house.client.get(approve).status_code == 410
    assert house.record(comment_id).status is Status.HELD


@pytest.mark.usefixtures("moderator")
def test_a_link_is_for_the_version_that_the_mail_showed(
    house: House, clock: Clock, letterbox: Letterbox
) -> None:
    wish(house)
    comment_id = hold(house)
    writer(house, clock).write()
    house.decide(house.key(), id=comment_id, action="reject")
    answer = house.client.post(links(letterbox)[0])
    assert answer.status_code == 409
    assert house.record(comment_id).status is Status.REJECTED


@pytest.mark.usefixtures("moderator")
def test_a_link_ends_after_48_hours(house: House, clock: Clock, letterbox: Letterbox) -> None:
    wish(house)
    hold(house)
    writer(house, clock).write()
    clock.now += LINK_LIFE_S + 1
    assert house.client.get(links(letterbox)[0]).status_code == 410


@pytest.mark.usefixtures("moderator")
def test_a_link_cannot_be_bent_to_another_action_comment_or_person(
    house: House, clock: Clock, letterbox: Letterbox
) -> None:
    wish(house)
    hold(house)
    other = hold(house, f"{INSULT} autre")
    staffer(house, "Bruno")
    writer(house, clock).write()
    approve = next(link for link in links(letterbox) if other not in link)
    first_id = approve.split("/")[4]
    bent = (
        approve.replace("~approved~", "~deleted~"),
        approve.replace("~approved~", "~spam~"),
        approve.replace(first_id, other),
        approve.replace("/A%C3%AFcha/", "/Bruno/"),
        approve[:-1],
    )
    assert len({*bent, approve}) == 6
    for link in bent:
        assert house.client.post(link).status_code == 410, link


@pytest.mark.usefixtures("letterbox")
def test_a_link_of_an_account_that_may_not_moderate_there_any_more_is_spent(
    house: House, clock: Clock
) -> None:
    house.add_site("other")
    staffer(house, "Olga", Role.OPS)
    staffer(house, "Noor")
    house.services.store.people.disable("Noor", "cli", int(clock.now * 1000))
    comment_id = hold(house)
    record = house.record(comment_id)
    until = int(clock.now) + 60
    for name in ("Olga", "Noor"):
        link = MailLink("demo", comment_id, record.version, Status.APPROVED, name, until)
        token = make_token(house.services.store.vault, link)
        answer = house.client.post(f"/moderate/by-mail/demo/{comment_id}/{name}/{token}")
        assert answer.status_code == 410


def test_an_address_is_confirmed_by_the_button_behind_the_link_sent_there(
    house: House, moderator: Staffer, letterbox: Letterbox
) -> None:
    fields = {"address": ADDRESS, "digest": "daily", "alerts": "true"}
    assert moderator.post("/account/mail", fields).status_code == 303
    found = house.services.store.mailboxes.get("Aïcha")
    assert found == Mailbox(ADDRESS, Digest.DAILY, True, is_confirmed=False)
    (path,) = re.findall(r"https://comments\.example(/account/mail/confirm/\S+)", letterbox.text())
    moderator.get(path)
    assert house.services.store.mailboxes.get("Aïcha") == found
    assert moderator.post(path).status_code == 303
    assert house.services.store.mailboxes.get("Aïcha") == replace(found, is_confirmed=True)


@pytest.mark.usefixtures("moderator")
def test_another_address_has_to_be_confirmed_again(house: House) -> None:
    wish(house)
    house.services.store.mailboxes.save("Aïcha", Mailbox("new@journal.example", Digest.DAILY))
    found = house.services.store.mailboxes.get("Aïcha")
    assert found is not None
    assert not found.is_confirmed


@pytest.mark.usefixtures("house")
def test_a_wrong_address_is_told_beside_the_field(moderator: Staffer) -> None:
    answer = moderator.post("/account/mail", {"address": "nobody", "digest": "daily"})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.get_data(as_text=True)


def test_an_empty_address_ends_the_mail(house: House, moderator: Staffer) -> None:
    wish(house)
    assert moderator.post("/account/mail", {"address": ""}).status_code == 303
    assert house.services.store.mailboxes.get("Aïcha") is None


@pytest.mark.usefixtures("moderator")
def test_the_address_is_sealed_in_the_store(house: House) -> None:
    wish(house)
    stored = house.services.store.client.hgetall("ecluse:mailbox:Aïcha")
    assert ADDRESS not in str(stored)


RESET = re.compile(r"https://comments\.example(/join/\S+)")


@pytest.mark.usefixtures("moderator")
def test_a_forgotten_password_is_reset_by_a_link_sent_to_the_confirmed_address(
    house: House, clock: Clock, letterbox: Letterbox
) -> None:
    wish(house)
    assert house.client.post("/sign-in/forgotten", data={"name": "Aïcha"}).status_code == 200
    assert writer(house, clock).write_reset("Aïcha") == 1
    assert letterbox.letters[0]["To"] == ADDRESS
    (path,) = RESET.findall(letterbox.text())
    set_anew = house.client.post(path, data={"new_password": "another long password"})
    assert set_anew.status_code == 303
    entered = house.client.post(
        "/sign-in", data={"name": "Aïcha", "password": "another long password"}
    )
    assert entered.status_code == 303


@pytest.mark.usefixtures("moderator", "letterbox")
def test_a_reset_goes_to_nobody_else_and_not_again_at_once(house: House, clock: Clock) -> None:
    assert writer(house, clock).write_reset("nobody") == 0
    assert writer(house, clock).write_reset("Aïcha") == 0
    wish(house)
    assert [writer(house, clock).write_reset("Aïcha") for _ in range(2)] == [1, 0]


@pytest.mark.usefixtures("moderator")
def test_a_reset_whose_letter_failed_can_be_asked_for_again_at_once(
    house: House, clock: Clock, request: pytest.FixtureRequest
) -> None:
    wish(house)
    assert writer(house, clock).write_reset("Aïcha") == 0  # no server answers
    request.getfixturevalue("letterbox")
    assert writer(house, clock).write_reset("Aïcha") == 1


def test_whoever_asks_is_told_the_same_for_any_name(house: House) -> None:
    pages = {
        house.client.post("/sign-in/forgotten", data={"name": name}).get_data(as_text=True)
        for name in ("nobody", "Aïcha", "")
    }
    assert len(pages) == 1


def test_a_flood_of_resets_is_refused(house: House) -> None:
    answers = [house.client.post("/sign-in/forgotten", data={"name": "x"}) for _ in range(31)]
    assert [answer.status_code for answer in answers] == [200] * 30 + [429]
