"""`ecluse score`: no server at all, in order, as comments arrive, and nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.moderation.signal import Attribute
from tests.cli.conftest import Answer, Ecluse
from tests.encoders import write_own

FRIENDLY = "Je ne suis pas d'accord avec le troisième paragraphe, mais la source est intéressante."
RUDE = "Espèce de connard, ferme ta gueule"
SPAM = (
    "BUY CHEAP VIAGRA NOW http://pills.example.biz http://casino.example.biz "
    "http://loans.example.biz click here"
)
POLISH = "Dziękuję bardzo za ten artykuł, naprawdę bardzo ciekawy."
NOWHERE = {"REDIS_URL": "unix:///nowhere", "QUEUE_URL": "unix:///nowhere", "ENCODER": "off"}


def scored(ecluse: Ecluse, *words: str, stdin: str | bytes = "") -> Answer:
    return ecluse("score", *words, stdin=stdin, **NOWHERE)


def jsonl(*rows: object) -> str:
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


def test_a_text_is_judged_without_any_server(ecluse: Ecluse) -> None:
    answer = scored(ecluse, "--text", FRIENDLY)
    assert answer.code == 0
    assert (answer.data["verdict"], answer.data["lang"]) == ("approve", "fr")
    assert answer.data["unscreened"] == []
    assert set(answer.data["scores"]) == set(Attribute)


def test_what_no_check_reports_is_put_in_order_by_the_models(ecluse: Ecluse) -> None:
    texts = "Merci beaucoup, belle journée à vous.\nTous les mêmes, ces gens, on connaît la suite."
    calm, colder = scored(ecluse, stdin=texts).lines
    assert not any(signal["attribute"] == "toxicity" for signal in calm["signals"])
    assert 0 < calm["scores"]["toxicity"] < 0.1
    assert calm["scores"]["toxicity"] < colder["scores"]["toxicity"]


def test_in_a_language_no_model_has_learned_the_models_have_no_number(ecluse: Ecluse) -> None:
    text = "Tack så mycket för artikeln, det var väldigt intressant att läsa om staden."
    answer = scored(ecluse, "--text", text)
    assert answer.data["lang"] == "sv"
    assert answer.data["scores"]["toxicity"] == 0.0


def test_json_may_be_asked_for_and_comes_anyway(ecluse: Ecluse) -> None:
    asked = scored(ecluse, "--text", FRIENDLY, "--json")
    assert (asked.code, asked.out) == (0, scored(ecluse, "--text", FRIENDLY).out)


def test_lines_of_text_are_judged_in_order(ecluse: Ecluse) -> None:
    answer = scored(ecluse, stdin=f"{FRIENDLY}\n\n  \n{SPAM}\r\n{RUDE}")
    assert answer.code == 0
    assert [line["verdict"] for line in answer.lines] == ["approve", "spam", "reject"]
    assert [line["lang"] for line in answer.lines] == ["fr", "en", "fr"]


def test_json_lines_keep_their_id_and_their_other_fields_count(ecluse: Ecluse) -> None:
    rows = jsonl(
        {"id": 7, "text": "Super article, merci du partage !", "author": "Claire"},
        {"id": "b", "content": "Super article, merci du partage !", "author": "Casino en ligne"},
        {"text": "Merci !", "lang": "fr-CA", "decision": "approve", "page": None},
    )
    first, second, third = scored(ecluse, stdin=rows).lines
    assert (first["id"], second["id"], third["lang"]) == (7, "b", "fr")
    assert "id" not in third
    assert second["scores"]["spam"] > first["scores"]["spam"]


def test_files_come_in_the_order_given_and_standard_input_among_them(
    ecluse: Ecluse, tmp_path: Path
) -> None:
    (tmp_path / "a.jsonl").write_text(jsonl({"text": FRIENDLY}), "utf-8")
    (tmp_path / "b.txt").write_text(f"\ufeff{SPAM}\n", "utf-8")
    files = (str(tmp_path / "b.txt"), "-", str(tmp_path / "a.jsonl"))
    answer = scored(ecluse, *files, stdin=RUDE)
    assert [line["verdict"] for line in answer.lines] == ["spam", "reject", "approve"]


BAD_LINES = {
    "no JSON": b"{oops",
    "no object": b"[1]",
    "no text": b'{"lang": "fr"}',
    "a number": b'{"text": 3}',
    "half a character": b'{"text": "\\ud800"}',
    "no UTF-8": b'{"text": "\xff"}',
    "too long a text": b'{"text": "' + b"a" * 100_001 + b'"}',
    "an endless line": b'{"text": "' + b"a" * (1 << 21),
    "an author that is none": b'{"text": "Bonjour", "author": []}',
}


@pytest.mark.parametrize("bad", BAD_LINES.values(), ids=list(BAD_LINES))
def test_a_bad_line_is_answered_in_its_place_and_costs_no_other(ecluse: Ecluse, bad: bytes) -> None:
    good = json.dumps({"text": FRIENDLY}).encode()
    answer = scored(ecluse, stdin=b"\n".join([good, bad, good, b""]))
    first, fault, last = answer.lines
    assert first["verdict"] == last["verdict"] == "approve"
    assert fault == {"error": fault["error"], "file": "-", "line": 2}
    assert fault["error"]
    assert answer.code == 1
    assert "1 of 3 lines could not be read" in answer.err


def test_a_text_that_is_no_utf_8_is_a_bad_line_too(ecluse: Ecluse) -> None:
    answer = scored(ecluse, stdin=f"{FRIENDLY}\n".encode() + b"\xe9t\xe9\n")
    assert answer.lines[1] == {"error": "not UTF-8: byte 1 of the line", "file": "-", "line": 2}


def test_text_that_begins_like_json_may_be_called_text(ecluse: Ecluse) -> None:
    assert scored(ecluse, stdin="{oops\n").code == 1
    assert scored(ecluse, "--format", "text", stdin="{oops\n").code == 0


def test_the_first_comment_is_answered_before_the_second_arrives() -> None:
    environment = {**os.environ, **{f"ECLUSE_{name}": value for name, value in NOWHERE.items()}}
    with subprocess.Popen(
        [sys.executable, "-m", "service.cli", "score"], env=environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as running:  # fmt: skip
        assert running.stdin is not None
        assert running.stdout is not None
        for text, verdict in ((FRIENDLY, "approve"), (SPAM, "spam")):
            running.stdin.write(f"{text}\n".encode())
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["verdict"] == verdict
        running.stdin.close()
        assert running.wait(30) == 0


def test_an_answer_does_not_depend_on_what_came_before(ecluse: Ecluse) -> None:
    alone = scored(ecluse, stdin=jsonl({"text": FRIENDLY})).lines[0]
    among = scored(ecluse, stdin=jsonl(*[{"text": FRIENDLY, "page": str(n)} for n in range(20)]))
    assert [line["verdict"] for line in among.lines] == [alone["verdict"]] * 20
    assert among.lines[-1]["scores"]["spam"] == pytest.approx(alone["scores"]["spam"], abs=1e-3)


def test_a_policy_is_a_preset_or_a_file(ecluse: Ecluse, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[words]\nreject = ["paragraphe"]\n', "utf-8")
    ruled = scored(ecluse, "--text", FRIENDLY, "--policy", str(path)).data
    assert (ruled["verdict"], ruled["rule"]) == ("reject", "list.reject")
    assert ruled["reasons"][0] == "La liste propre à ce site le refuse."
    assert scored(ecluse, "--text", POLISH, "--policy", "strict").data["rule"] == "language.other"


def test_a_language_nobody_reads_is_said(ecluse: Ecluse) -> None:
    data = scored(ecluse, "--text", POLISH).data
    assert (data["lang"], data["verdict"]) == ("pl", "approve")
    assert any("Polish" in reason for reason in data["reasons"])


def test_a_code_of_no_language_is_refused(ecluse: Ecluse) -> None:
    answer = scored(ecluse, "--text", POLISH, "--lang", "zz")
    assert answer.code == 2
    assert "No language has the code zz." in answer.err
    assert scored(ecluse, "--text", POLISH, "--lang", "oc").code == 0


def test_evidence_shows_where_in_the_text_it_stands(ecluse: Ecluse) -> None:
    signals = scored(ecluse, "--text", RUDE).data["signals"]
    spans = [
        RUDE[span["start"] : span["end"]]
        for signal in signals
        if signal["check"] == "toxicity.lexicon"
        for item in signal["evidence"]
        for span in item["spans"]
    ]
    assert "connard" in spans


def test_explained_the_words_that_moved_a_score_are_marked(ecluse: Ecluse) -> None:
    data = scored(ecluse, "--text", RUDE, "--explain").data
    insults = {
        each["words"]: each["amount"]
        for each in data["explanation"]
        if (each["attribute"], each["stage"]) == ("insult", "linear")
    }
    assert max(insults, key=insults.__getitem__) in {"connard", "gueule"}
    for each in data["explanation"]:
        assert RUDE[each["start"] : each["end"]] == each["words"]
    assert data["highlighted"].replace("**", "") == RUDE
    assert "explanation" not in scored(ecluse, "--text", RUDE).data


@pytest.mark.parametrize("encoder", ["off", "uncertain", "always"])
def test_explained_rude_words_are_marked_also_where_leaving_one_out_changes_nothing(
    ecluse: Ecluse, encoder: str
) -> None:
    options = {**NOWHERE, "ENCODER": encoder}
    marked = ecluse("score", "--text", RUDE, "--explain", **options).data["highlighted"]
    assert marked == "**Espèce** de **connard**, **ferme ta gueule**"


@pytest.mark.parametrize("encoder", ["off", "always"])
def test_explained_not_every_word_is_marked(ecluse: Ecluse, encoder: str) -> None:
    options = {**NOWHERE, "ENCODER": encoder}
    marked = ecluse("score", "--text", RUDE, "--explain", **options).data["highlighted"]
    assert 0 < marked.count("**") / 2 < len(RUDE.split())


def test_explained_the_encoder_has_its_say_and_its_words_are_marked(
    ecluse: Ecluse, tmp_path: Path
) -> None:
    labels = {"toxic": "toxicity"}
    model = write_own(tmp_path, labels, {"kumquat": [8.0], "drat": [0.5]})
    options = {**NOWHERE, "ENCODER": "always", "ENCODER_MODEL": str(model)}
    data = ecluse("score", "--explain", "--text", "oh drat what a kumquat", **options).data
    assert data["stages"] == ["linear", "encoder"]
    by_encoder = [each for each in data["explanation"] if each["stage"] == "encoder"]
    assert max(by_encoder, key=lambda each: float(each["amount"]))["words"] == "kumquat"
    assert data["highlighted"] == "oh drat what a **kumquat**"


def test_a_broken_encoder_leaves_the_explanation_of_the_fast_model(
    ecluse: Ecluse, tmp_path: Path
) -> None:
    options = {**NOWHERE, "ENCODER": "always", "ENCODER_MODEL": str(tmp_path / "none.onnx")}
    answer = ecluse("score", "--explain", "--text", RUDE, **options)
    assert (answer.code, "Traceback" in answer.err) == (0, False)
    assert {each["stage"] for each in answer.data["explanation"]} == {"linear"}


def test_a_text_and_files_do_not_go_together(ecluse: Ecluse, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(FRIENDLY, "utf-8")
    assert scored(ecluse, str(path), "--text", FRIENDLY).code == 2
    assert scored(ecluse, str(tmp_path / "nowhere")).code == 2
