"""`comments:analyze`: what is asked, in both spellings, and what is answered."""

from __future__ import annotations

from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from service.compat.markup import plain_of
from service.compat.perspective.spans import MOST_SPANS, Utf16, sentences
from service.moderation.batch import Batch
from service.moderation.checks import build_pipeline
from service.moderation.comment import Case, Comment, Facts
from service.moderation.signal import Attribute, combine
from tests.compat.perspective.caller import ANALYZE, Caller

INSULT = "Tu es un connard et un abruti fini, ferme ta gueule."
THANKS = "Merci pour cet article très clair."
# The body that google-api-python-client sends (keys spaced as json.dumps does).
GENUINE = (
    b'{"comment": {"text": "tu es un idiot"}, "languages": ["fr"], "requestedAttributes": '
    b'{"TOXICITY": {}, "INSULT": {"scoreThreshold": 0.0001}}, "spanAnnotations": true, '
    b'"clientToken": "t1", "doNotStore": true}'
)


def test_a_genuine_call_is_answered_as_the_public_api_answers(caller: Caller) -> None:
    answer = caller.post(ANALYZE, GENUINE, query_string={"key": caller.key, "alt": "json"})
    body = answer.get_json()
    assert list(body) == ["attributeScores", "languages", "detectedLanguages", "clientToken"]
    assert body["languages"] == ["fr"]
    assert body["clientToken"] == "t1"
    assert list(body["attributeScores"]) == ["TOXICITY", "INSULT"]
    found = body["attributeScores"]["TOXICITY"]
    (span,) = found["spanScores"]
    assert (span["begin"], span["end"]) == (0, len("tu es un idiot"))
    assert found["summaryScore"]["type"] == span["score"]["type"] == "PROBABILITY"
    assert 0.5 < found["summaryScore"]["value"] <= 1


@pytest.mark.parametrize(
    "request_of",
    [
        lambda key: {"query_string": {"key": key}},
        lambda key: {"query_string": {}, "headers": {"X-Goog-Api-Key": key}},
        lambda key: {"query_string": {}, "headers": {"Authorization": f"Bearer {key}"}},
        lambda key: {"query_string": {"key": key, "$.xgafv": "2", "prettyPrint": "false"}},
    ],
)
def test_the_key_comes_in_the_query_or_in_a_header(caller: Caller, request_of) -> None:  # type: ignore[no-untyped-def]
    assert caller.post(ANALYZE, GENUINE, **request_of(caller.key)).status_code == 200


def test_snake_case_means_the_same_as_camel_case(caller: Caller) -> None:
    snake = {
        "comment": {"text": INSULT, "type": "PLAIN_TEXT"},
        "requested_attributes": {"TOXICITY": {"score_type": 1, "score_threshold": "0.1"}},
        "span_annotations": True,
        "do_not_store": True,
        "client_token": "x",
        "session_id": "s",
        "community_id": "c",
        "languages": ["fr"],
        "context": {"article_and_parent_comment": {"parent_comment": {"text": "Non."}}},
    }
    camel = {
        "comment": {"text": INSULT},
        "requestedAttributes": {"TOXICITY": {"scoreType": "PROBABILITY", "scoreThreshold": 0.1}},
        "spanAnnotations": True,
        "clientToken": "x",
        "languages": ["fr"],
        "context": {"entries": [{"text": "Non."}]},
        "sessionId": None,
    }
    assert caller.post(ANALYZE, snake).get_json() == caller.post(ANALYZE, camel).get_json()


def test_an_absolute_address_is_served_as_proxies_send_it(caller: Caller) -> None:
    answer = caller.house.client.post(
        f"http://commentanalyzer.googleapis.com{ANALYZE}?key={caller.key}", data=GENUINE
    )
    assert answer.status_code == 200


def test_scores_are_the_totals_of_the_pipeline(caller: Caller) -> None:
    case = Case(Comment("", "demo", "", INSULT, lang="fr"), Facts(site_lang="fr"))
    (signals,) = build_pipeline().look(Batch([case])).signals
    totals = combine(signals)
    answered = caller.analyze(INSULT, "TOXICITY", "INSULT", "PROFANITY", languages=["fr"])
    for name, scores in answered["attributeScores"].items():
        expected = totals[Attribute(name.lower())]
        assert scores["summaryScore"]["value"] == pytest.approx(expected, abs=0.02)


def test_harmless_texts_have_low_scores_that_still_differ(caller: Caller) -> None:
    scores = [caller.score(text) for text in (THANKS, "Bonjour à toutes et à tous.")]
    assert all(0 < score < 0.1 for score in scores)
    assert scores[0] != scores[1]


def test_every_production_attribute_is_served_in_every_language(caller: Caller) -> None:
    names = ("TOXICITY", "SEVERE_TOXICITY", "IDENTITY_ATTACK", "INSULT", "PROFANITY", "THREAT",
             "SEXUALLY_EXPLICIT", "TOXICITY_EXPERIMENTAL", "TOXICITY@6")  # fmt: skip
    for lang in ("fr", "en", "de", "pt", "es", "it", "nl"):
        found = caller.analyze("idiot", *names, languages=[lang])["attributeScores"]
        assert tuple(found) == names
        assert all(0 <= each["summaryScore"]["value"] <= 1 for each in found.values())
        assert found["TOXICITY"] == found["TOXICITY@6"] == found["TOXICITY_EXPERIMENTAL"]


def test_spam_is_scored_where_models_learned_it(caller: Caller) -> None:
    spam = "Best online casino bonus! Play now http://casino-win.xyz http://slots.top/free"
    assert caller.score(spam, "SPAM", languages=["en"]) > 0.8
    assert caller.score(THANKS, "SPAM", languages=["fr"]) < 0.3


def test_scores_below_their_thresholds_are_left_out_and_the_whole_table_with_them(
    caller: Caller,
) -> None:
    body = {
        "comment": {"text": INSULT},
        "requestedAttributes": {
            "TOXICITY": {"scoreThreshold": 0.5},
            "THREAT": {"scoreThreshold": 1},
        },
        "languages": ["fr"],
    }
    assert list(caller.post(ANALYZE, body).get_json()["attributeScores"]) == ["TOXICITY"]
    body["requestedAttributes"] = {"THREAT": {"scoreThreshold": 1}}
    assert caller.post(ANALYZE, body).get_json() == {
        "languages": ["fr"],
        "detectedLanguages": ["fr"],
    }


def test_spans_stand_for_sentences_in_utf16(caller: Caller) -> None:
    text = "😀 Bonjour 👋🏽 ! Tu es un connard. Merci…"
    found = caller.analyze(text, spanAnnotations=True, languages=["fr"])
    spans = found["attributeScores"]["TOXICITY"]["spanScores"]
    units = text.encode("utf-16-le")
    said = [units[2 * each["begin"] : 2 * each["end"]].decode("utf-16-le") for each in spans]
    assert said == ["😀 Bonjour 👋🏽 !", "Tu es un connard.", "Merci…"]
    scores = [each["score"]["value"] for each in spans]
    assert scores[1] == max(scores)


def test_without_annotations_one_span_covers_all_that_was_sent(caller: Caller) -> None:
    (span,) = caller.analyze("  😀 a ")["attributeScores"]["TOXICITY"]["spanScores"]
    assert (span["begin"], span["end"]) == (0, 7)


def test_html_is_scored_as_a_reader_sees_it(caller: Caller) -> None:
    html = "<p>Bonjour.</p>\n<p>Tu es un <b>conn</b>ard&nbsp;!<script>var x</script></p>"
    plain = caller.score("Bonjour.\n\n\nTu es un connard\xa0!", languages=["fr"])
    asked = {"comment": {"type": "HTML"}, "languages": ["fr"], "spanAnnotations": True}
    found = caller.analyze(html, **asked)["attributeScores"]["TOXICITY"]
    assert found["summaryScore"]["value"] == pytest.approx(plain, abs=0.05)
    said = [html[each["begin"] : each["end"]] for each in found["spanScores"]]
    assert said == ["Bonjour.", "Tu es un <b>conn</b>ard&nbsp;!"]


def test_the_language_is_found_where_nobody_names_it(caller: Caller) -> None:
    found = caller.analyze("This is a perfectly ordinary English sentence.")
    assert found["languages"] == found["detectedLanguages"] == ["en"]


@pytest.mark.parametrize("text", ["😀", "12345", "ok", "jaja", "хахаха"])
def test_what_is_too_short_to_tell_counts_as_the_sites_language(caller: Caller, text: str) -> None:
    assert caller.analyze(text)["languages"] == ["fr"]


@pytest.mark.parametrize("text", ["ok", "12345", "lol"])
@pytest.mark.parametrize("languages", [["de"], ["fr", "de"]])
def test_a_language_that_is_only_named_was_not_detected(
    caller: Caller, text: str, languages: list[str]
) -> None:
    found = caller.analyze(text, languages=languages)
    assert found["languages"] == languages
    assert "detectedLanguages" not in found


def test_what_the_words_say_is_detected_whatever_was_named(caller: Caller) -> None:
    found = caller.analyze("Merci pour cet article très clair.", languages=["de"])
    assert (found["languages"], found["detectedLanguages"]) == (["de"], ["fr"])


def test_an_empty_name_names_no_language(caller: Caller) -> None:
    text = "This is a perfectly ordinary English sentence."
    for languages in ([""], [" ", ""]):
        assert caller.analyze(text, languages=languages) == caller.analyze(text)


def test_several_languages_may_be_named(caller: Caller) -> None:
    found = caller.analyze("You are an idiot, go away.", languages=["fr", "en"])
    assert found["languages"] == ["fr", "en"]
    assert found["detectedLanguages"] == ["en"]


def test_unsupported_attributes_are_dropped_when_the_caller_says_so(caller: Caller) -> None:
    names = ("TOXICITY", "LIKELY_TO_REJECT", "CURIOSITY_EXPERIMENTAL")
    found = caller.analyze(THANKS, *names, languages=["fr"], dropUnsupportedAttributes=True)
    assert list(found["attributeScores"]) == ["TOXICITY"]
    icelandic = caller.analyze("Takk", languages=["is"], dropUnsupportedAttributes=True)
    assert "attributeScores" not in icelandic


def test_nothing_is_kept_of_what_is_analyzed(caller: Caller) -> None:
    words = "zyzzyvas mangent des clafoutis"
    for is_to_forget in (True, False):
        caller.analyze(words, doNotStore=is_to_forget, clientToken="clafoutis-token")
    client = caller.house.services.store.client
    for name in client.scan_iter():
        assert b"clafoutis" not in name
        assert b"clafoutis" not in (client.dump(name) or b"")


def test_a_page_of_any_origin_may_call(caller: Caller) -> None:
    asked = {
        "Origin": "chrome-extension://abc",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    preflight = caller.house.client.options(ANALYZE, headers=asked)
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in preflight.headers["Access-Control-Allow-Headers"]
    answer = caller.post(ANALYZE, GENUINE, headers={"Origin": "null"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


# The pure parts -------------------------------------------------------------------------


@given(st.text(st.sampled_from('ab .!?…。\n😀"»)')))
def test_sentences_cover_all_but_white_space(text: str) -> None:
    spans = sentences(text)
    assert len(spans) <= MOST_SPANS
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    kept = "".join(text[start:end] for start, end in spans)
    assert "".join(kept.split()) == "".join(text.split())


@hypothesis_settings(max_examples=40)
@given(st.text())
def test_utf16_positions_are_those_of_the_encoded_text(text: str) -> None:
    units = Utf16.of(text)
    for index in range(len(text) + 1):
        assert units.at(index) == len(text[:index].encode("utf-16-le", "surrogatepass")) // 2


@hypothesis_settings(max_examples=60)
@given(st.text(st.sampled_from("<>/&;!-a=\"' bpscript#x1é"), max_size=60))
def test_what_is_seen_of_markup_leads_back_to_where_it_stood(markup: str) -> None:
    plain = plain_of(markup)
    for index in range(len(plain.text)):
        start, end = plain.span(index, index + 1)
        assert 0 <= start < end <= len(markup)


@pytest.mark.parametrize(
    "piece", ["<", "</", "<a", "<!--", "<script>", "&amp", "<a href=", "&#1", "<p ", '"', "."]
)
def test_hostile_markup_is_read_in_one_go(caller: Caller, piece: str) -> None:
    body = {
        "comment": {"text": (piece * 20_480)[:20_000] + " x", "type": "HTML"},
        "requestedAttributes": {"TOXICITY": {}},
        "spanAnnotations": True,
    }
    answer = caller.post(ANALYZE, orjson.dumps(body))
    assert answer.status_code in (200, 400)
