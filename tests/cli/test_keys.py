"""`ecluse keys`."""

from __future__ import annotations

from pathlib import Path

from service.store.sites import parts_of
from tests.cli.conftest import Ecluse


def test_a_key_may_submit_unless_told_otherwise(ecluse: Ecluse, demo: str) -> None:
    made = ecluse("keys", "create", demo, "--json").data
    assert made["scopes"] == ["submit"]
    parts = parts_of(made["token"])
    assert parts is not None
    assert parts[:2] == (demo, made["id"])


def test_scopes_and_a_label_are_kept(ecluse: Ecluse, demo: str) -> None:
    made = ecluse(
        "keys", "create", demo, "--scope", "ops", "--scope", "moderate", "--label", "bot", "--json"
    ).data
    assert (made["scopes"], made["label"]) == (["moderate", "ops"], "bot")


def test_tokens_are_shown_once(ecluse: Ecluse, demo: str) -> None:
    token = ecluse("keys", "create", demo, "--json").data["token"]
    listed = ecluse("keys", "list", demo, "--json")
    assert token.rsplit("_", 1)[1] not in listed.out
    assert "token" not in listed.data[0]


def test_rotation_ends_the_old_key_and_keeps_its_scopes(ecluse: Ecluse, demo: str) -> None:
    old = ecluse("keys", "create", demo, "--scope", "moderate", "--label", "x", "--json").data
    new = ecluse("keys", "rotate", demo, old["id"], "--json").data
    assert new["token"] != old["token"]
    assert (new["scopes"], new["label"]) == (old["scopes"], old["label"])
    keys = {key["id"]: key for key in ecluse("keys", "list", demo, "--json").data}
    assert keys[old["id"]]["revoked_at"] is not None
    assert keys[new["id"]]["revoked_at"] is None


def test_a_revoked_key_stays_in_the_list(ecluse: Ecluse, demo: str) -> None:
    made = ecluse("keys", "create", demo, "--json").data
    assert ecluse("keys", "revoke", demo, made["id"]).code == 0
    [kept] = ecluse("keys", "list", demo, "--json").data
    assert kept["revoked_at"] is not None


def test_unknown_sites_and_keys_are_said_in_one_line(ecluse: Ecluse, demo: str) -> None:
    for answer in (
        ecluse("keys", "create", "nobody"),
        ecluse("keys", "revoke", demo, "feedface"),
        ecluse("keys", "rotate", demo, "feedface"),
        ecluse("keys", "list", "nobody"),
    ):
        assert answer.code == 1
        assert answer.err.startswith("Error: ")
        assert answer.err.count("\n") == 1


def test_people_are_told_to_keep_the_token(ecluse: Ecluse, demo: str) -> None:
    said = ecluse("keys", "create", demo).out
    assert "ek_demo_" in said
    assert "not shown again" in said


def test_a_rotated_key_may_stay_good_for_a_while(ecluse: Ecluse, demo: str) -> None:
    old = ecluse("keys", "create", demo, "--json").data
    assert ecluse("keys", "rotate", demo, old["id"], "--overlap", "24h").code == 0
    kept = ecluse("keys", "list", demo, "--json").data[0]
    assert kept["revoked_at"] is None
    assert 86_300 < kept["expires_at"] - kept["created_at"] < 86_500
    assert ecluse("keys", "rotate", demo, old["id"], "--overlap", "soon").code == 2


def test_a_key_for_a_door_is_made_listed_and_revoked(ecluse: Ecluse, demo: str) -> None:
    made = ecluse("keys", "create", demo, "--for", "akismet", "--label", "blog", "--json").data
    assert (made["for"], made["site"], made["label"]) == ("akismet", demo, "blog")
    assert len(made["token"]) == 12
    listed = ecluse("keys", "list", demo, "--json")
    assert made["token"] not in listed.out
    assert made["id"] in [key["id"] for key in listed.data]
    assert ecluse("keys", "revoke", demo, made["id"], "--json").data["revoked_at"]
    ended = {key["id"]: key for key in ecluse("keys", "list", demo, "--json").data}
    assert ended[made["id"]]["revoked_at"] is not None


def test_a_key_for_a_door_is_rotated_and_the_old_one_may_stay_good_for_a_while(
    ecluse: Ecluse, demo: str
) -> None:
    old = ecluse("keys", "create", demo, "--for", "akismet", "--label", "blog", "--json").data
    new = ecluse("keys", "rotate", demo, old["id"], "--overlap", "24h", "--json").data
    assert (new["for"], new["label"]) == ("akismet", "blog")
    assert len(new["token"]) == 12
    kept = {key["id"]: key for key in ecluse("keys", "list", demo, "--json").data}
    assert 86_300 < kept[old["id"]]["expires_at"] - kept[old["id"]]["created_at"] < 86_500
    last = ecluse("keys", "rotate", demo, new["id"])
    assert "not shown again" in last.out
    assert ecluse("keys", "rotate", demo, new["id"]).code == 1


def test_a_secret_that_coral_made_is_read_from_a_file_and_never_shown(
    ecluse: Ecluse, demo: str, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("made by Coral\n", "utf-8")
    made = ecluse("keys", "create", demo, "--for", "coral", "--secret-file", str(secret), "--json")
    assert made.data["for"] == "coral"
    assert "made by Coral" not in made.out + ecluse("keys", "list", demo).out
    rotated = ecluse("keys", "rotate", demo, made.data["id"])
    assert (rotated.code, "--for coral" in rotated.err) == (1, True)
    assert ecluse("keys", "create", demo, "--for", "coral").code == 2
    secret.write_text("", "utf-8")
    empty = ecluse("keys", "create", demo, "--for", "coral", "--secret-file", str(secret))
    assert empty.code == 2
    assert ecluse("keys", "create", demo, "--secret-file", str(secret)).code == 2
