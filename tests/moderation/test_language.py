"""Languages: a comment's own words speak first, what was expected decides where they do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import default_policy
from service.moderation import batch as batches
from service.moderation import language as languages
from service.moderation.batch import Batch
from service.moderation.checks import build_pipeline
from service.moderation.checks.toxicity.linear import LinearToxicity
from service.moderation.comment import Case, Comment, Facts
from service.moderation.language import OTHERS, SERVED, Language, identify
from service.moderation.pipeline import Pipeline
from service.moderation.policy import OtherLanguages, Policy, Threshold, policy_from
from service.moderation.signal import Attribute
from service.moderation.verdict import Action, Verdict
from service.schemas.wording import reasons

TEN_WORDS = {
    "fr": "Je ne suis pas du tout d'accord avec votre conclusion.",
    "en": "I do not agree at all with what you say.",
    "de": "Ich bin mit dem letzten Absatz überhaupt nicht einverstanden, danke.",
    "pt": "Não concordo nada com o que você escreveu aqui ontem.",
    "es": "No estoy nada de acuerdo con lo que ha escrito.",
    "it": "Non sono per niente d'accordo con quello che ha scritto.",
    "nl": "Ik ben het helemaal niet eens met wat u schrijft.",
}
POLISH = "Dziękuję bardzo za ten artykuł, naprawdę bardzo ciekawy."
RUSSIAN = "Сегодня хорошая погода и мы идём гулять в парк"
BOKMAL = "Jeg er ikke enig med deg i det hele tatt"


def language_of(text: str, hint: str = "") -> Language:
    (found,) = identify([text], [hint])
    return found


def a_batch(content: str, lang: str = "", site_lang: str = "") -> Batch:
    comment = Comment(id="1", site="s", page="p", content=content, lang=lang)
    return Batch([Case(comment, Facts(site_lang=site_lang))])


@pytest.mark.parametrize("hint", ["", "fr", "en"])
@pytest.mark.parametrize("lang", SERVED)
def test_ten_words_tell_a_served_language_whatever_was_expected(lang: str, hint: str) -> None:
    assert language_of(TEN_WORDS[lang], hint) == Language(lang, is_sure=True, is_served=True)


@pytest.mark.parametrize("written", [str.upper, str.lower])
@pytest.mark.parametrize("lang", SERVED)
def test_capitals_do_not_hide_a_language(lang: str, written: object) -> None:
    assert callable(written)
    assert language_of(written(TEN_WORDS[lang])).code == lang


@pytest.mark.parametrize(
    "text",
    [
        "jsp pk t'es venu mdr c'est nul",
        "wallah frère c'est abusé ce qu'ils font",
        "T'es vraiment trop con mec",
        "osef de ton avis ptdr",
    ],
)
def test_french_as_it_is_typed_is_french(text: str) -> None:
    assert language_of(text).code == "fr"


@pytest.mark.parametrize(
    "text",
    [
        "C'est trop nice, I love this so much",
        "Franchement this is the best article, bravo à toute l'équipe",
        "Let's go les gars, on va gagner, what a team",
        "Oh my god mais c'est pas possible, this is so funny",
    ],
)
@pytest.mark.parametrize("hint", ["", "fr", "en"])
def test_a_mixture_is_one_of_the_languages_mixed(text: str, hint: str) -> None:
    assert language_of(text, hint).code in {"fr", "en"}


@pytest.mark.parametrize("text", ["con", "pain", "ok", "lol", "Merci", "mdr"])
@pytest.mark.parametrize("hint", ["fr", "en"])
def test_one_word_is_never_sure(text: str, hint: str) -> None:
    assert not language_of(text, hint).is_sure


@pytest.mark.parametrize("hint", ["fr", "en"])
def test_what_was_expected_decides_on_a_word_of_two_languages(hint: str) -> None:
    assert language_of("retard", hint) == Language(hint, is_sure=False, is_served=True)


@pytest.mark.parametrize(
    "text", ["", " \n", "😂😂😂", "12 345 !", "https://exemple.test/une-page", "@claire #merci"]
)
def test_without_words_nothing_but_the_expectation_speaks(text: str) -> None:
    assert language_of(text, "fr") == Language("fr", is_sure=False, is_served=True)
    assert language_of(text) == Language("", is_sure=False, is_served=True)


@pytest.mark.parametrize("hint", ["fr-CA", "FR", "fr_FR", " fr "])
def test_a_tag_with_a_country_is_its_language(hint: str) -> None:
    assert language_of("", hint).code == "fr"


@pytest.mark.parametrize("hint", ["", "fr"])
@pytest.mark.parametrize(("text", "code"), [(POLISH, "pl"), (RUSSIAN, "ru")])
def test_a_language_that_is_not_served_is_named(text: str, code: str, hint: str) -> None:
    assert language_of(text, hint) == Language(code, is_sure=True, is_served=False)


def test_two_sister_languages_are_not_served_though_nobody_knows_which_it_is() -> None:
    found = language_of(BOKMAL)
    assert found.code in {"no", "da"}
    assert not found.is_served


def test_addresses_and_mentions_are_no_words() -> None:
    bare = "Je ne suis pas d'accord"
    told = f"@the_real_john {bare} https://www.the-best-english-news.test/read/this/now #thisisfine"
    assert language_of(told) == language_of(bare)


def test_the_beginning_of_a_long_text_decides_and_its_end_costs_nothing() -> None:
    start = f"{TEN_WORDS['fr']} " * 20
    assert language_of(start + f"{TEN_WORDS['en']} " * 2000).code == "fr"


@given(
    st.lists(st.tuples(st.text(max_size=60), st.text(max_size=5)), max_size=4),
)
def test_any_text_and_hint_have_an_answer(rows: list[tuple[str, str]]) -> None:
    texts, hints = [text for text, _ in rows], [hint for _, hint in rows]
    found = identify(texts, hints)
    assert len(found) == len(rows)
    for language in found:
        if language.is_sure:
            assert language.code in {*SERVED, *OTHERS}
            assert language.is_served == (language.code in SERVED)


def test_a_half_of_a_character_pair_is_no_stumbling_block() -> None:
    assert language_of("\ud83d Je ne suis pas d'accord du tout").code == "fr"


def test_a_batch_judges_in_the_language_of_the_words_where_they_are_sure() -> None:
    english = TEN_WORDS["en"]
    assert a_batch(english, lang="fr", site_lang="fr").langs == ["en"]
    assert a_batch(english, site_lang="fr").langs == ["en"]
    assert a_batch(english, lang="fr").languages == [Language("en", is_sure=True, is_served=True)]


def test_else_it_judges_in_the_callers_language_or_the_sites() -> None:
    assert a_batch("ok", lang="en", site_lang="fr").langs == ["en"]
    assert a_batch("ok", site_lang="fr").langs == ["fr"]
    assert a_batch(TEN_WORDS["en"], lang="en-GB").langs == ["en-GB"]
    assert a_batch(POLISH, lang="pl").langs == ["pl"]
    assert a_batch(POLISH, lang="fr").langs == ["fr"]


@pytest.mark.parametrize("lang", ["tr", "ja", "xx", "fr", "de-AT"])
def test_no_caller_can_have_the_models_left_out(lang: str) -> None:
    """The form carries a language, so whoever insults may name one that nobody reads."""
    pipeline = build_pipeline()
    policy = policy_from(default_policy())
    for content in (
        "You should hang from a tree, all of you people, and I will be there to watch.",
        "Espèce de gros connard, ferme ta gueule et dégage de ce site.",
    ):
        (verdict,) = pipeline.review(a_batch(content, lang=lang, site_lang="fr"), policy)
        assert verdict.action is Action.REJECT


@pytest.mark.parametrize(
    "content",
    [
        "уоu аrе а fuсkіng іdіоt аnd еvеrуоnе hаtеs уоu",
        "еsресе dе соnnаrd, fеrmе tа guеulе еt dégаgе dе се sіtе",
    ],
)
def test_borrowed_letters_do_not_make_another_language(content: str) -> None:
    batch = a_batch(content, site_lang="fr")
    assert batch.languages[0].code in {"en", "fr"}
    (verdict,) = build_pipeline().review(batch, policy_from(default_policy()))
    assert verdict.action is not Action.APPROVE
    assert "linear" in verdict.stages


def verdict_of(content: str, policy: Policy | None = None, site_lang: str = "fr") -> Verdict:
    pipeline = Pipeline((LinearToxicity(),))
    (verdict,) = pipeline.review(a_batch(content, site_lang=site_lang), policy or Policy())
    return verdict


def test_a_verdict_names_the_language_and_says_when_its_words_could_not_be_read() -> None:
    served, other = verdict_of(TEN_WORDS["en"]), verdict_of(POLISH)
    assert (served.lang, served.is_lang_served) == ("en", True)
    assert (other.lang, other.is_lang_served) == ("pl", False)
    assert not any("Polish" in reason for reason in reasons(served, "en"))
    assert any("Polish" in reason for reason in reasons(other, "en"))
    assert any("polonais" in reason for reason in reasons(other, "fr"))


def test_words_in_a_language_the_model_has_not_learned_have_no_tone() -> None:
    assert verdict_of("Espèce de connard, ferme ta gueule").signals
    assert not verdict_of("Ty głupi chuju, zamknij się i spierdalaj stąd natychmiast").signals


def test_a_site_may_hold_what_the_models_cannot_read() -> None:
    holding = Policy(other_languages=OtherLanguages.HOLD)
    verdict = verdict_of(POLISH, holding)
    assert (verdict.action, verdict.rule) == (Action.HOLD, "language.other")
    assert verdict_of(TEN_WORDS["de"], holding).action is Action.APPROVE
    assert verdict_of(POLISH).action is Action.APPROVE


def test_thresholds_follow_the_comments_own_language() -> None:
    never = {"*": Threshold(1.01, 1.01)}
    strict_in_english = {Attribute.INSULT: {**never, "en": Threshold(0.1, 0.1)}}
    insult = "You are such a stupid idiot, shut your mouth"
    policy = Policy(strict_in_english)
    assert verdict_of(insult, policy).rule == "insult.refuse"
    assert verdict_of("Espèce de connard, ferme ta gueule", policy).rule == "clean"


def test_comments_are_judged_though_languages_cannot_be_identified(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> list[Language]:
        raise RuntimeError

    monkeypatch.setattr(batches, "identify", broken)
    verdict = verdict_of(POLISH)
    assert (verdict.action, verdict.rule) == (Action.HOLD, "unscreened")
    assert verdict.unscreened == ("toxicity.linear",)
    assert (verdict.lang, verdict.is_lang_served) == ("", True)


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=60), min_size=1))
def test_features_are_those_that_py3langid_counts_byte_by_byte(texts: list[str]) -> None:
    model = languages._model()
    nothing = len(model.weights) - 1
    found, counts, starts = model._counted([text.encode() for text in texts])
    for text, start, end in zip(texts, starts, [*starts[1:], len(found)], strict=True):
        counted = dict(zip(found[start:end].tolist(), counts[start:end].tolist(), strict=True))
        assert counted.pop(nothing)
        output = [-1 if each == nothing else each for each in model.output[_walk(text)].tolist()]
        assert counted == {each: output.count(each) for each in {*output} - {-1}}


def _walk(text: str) -> list[int]:
    """Return the state of the model after each byte, taken one after the other."""
    model, state, states = languages._model(), 0, []
    for byte in text.encode():
        state = int(model.nextmove[int(model.rows[state]) + byte])
        states.append(state)
    return states
