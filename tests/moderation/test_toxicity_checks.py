"""Listed words and the model's probabilities become signals with their evidence."""

from __future__ import annotations

from importlib.resources import files

import pytest

from config.settings import default_policy
from service.moderation.batch import Batch
from service.moderation.checks import build_pipeline
from service.moderation.checks.spam.linear import LinearSpam
from service.moderation.checks.toxicity import lexicon
from service.moderation.checks.toxicity.lexicon import (
    BRIEF_LANGS,
    LANGS,
    Entry,
    Lexicon,
    WordList,
    entries_of,
    parse_entries,
    shipped_entries,
    shipped_words,
)
from service.moderation.checks.toxicity.linear import LinearToxicity
from service.moderation.comment import Case, Comment, Facts
from service.moderation.encoder_options import DEFAULT, LINEAR_ALONE, EncoderOptions
from service.moderation.pipeline import Pipeline
from service.moderation.policy import policy_from
from service.moderation.signal import TONE, Attribute, Signal, Span, combine
from service.moderation.text import Text
from service.moderation.verdict import Action

LEXICON = Lexicon()
POLICY = policy_from(default_policy())
SURE = 0.9
"""The strength from which a listed threat counts by itself."""
THREATS = [
    (entry.phrase, lang)
    for lang in LANGS
    for entry in entries_of(lang)
    if entry.strengths.get(Attribute.THREAT, 0.0) >= SURE
]
HOLDS_THREATS = POLICY.threshold(Attribute.THREAT, "fr")


def a_batch(*contents: str, lang: str = "fr", site_lang: str = "") -> Batch:
    facts = Facts(site_lang=site_lang)
    return Batch(
        [
            Case(Comment(id=str(n), site="s", page="p", content=content, lang=lang), facts)
            for n, content in enumerate(contents)
        ]
    )


def found(content: str, lang: str = "fr") -> dict[Attribute, Signal]:
    (signals,) = LEXICON.review(a_batch(content, lang=lang))
    return {signal.attribute: signal for signal in signals}


def words(signal: Signal) -> list[object]:
    return [evidence.params["word"] for evidence in signal.evidence]


@pytest.mark.parametrize(
    "written",
    [
        "connard",
        "CONNARDS",
        "c0nnard",
        "c o n n a r d",
        "c.o.n.n.a.r.d",
        "connaaaard",
        "cоnnard",  # Cyrillic о
        "con\u200bnard",
        "ÇONNÂRD",
    ],
)
def test_an_insult_is_found_as_it_was_written(written: str) -> None:
    insult = found(f"Espèce de {written} !")[Attribute.INSULT]
    assert words(insult) == [written]
    assert insult.evidence[0].spans == (Span(10, 10 + len(written)),)


@pytest.mark.parametrize("written", ["f.u.c.k", "fvck", "fuuuuck", "F U C K", "ｆｕｃｋ"])
def test_english_profanity_is_found_in_any_language(written: str) -> None:
    assert set(found(written, lang="fr")) == {Attribute.PROFANITY}


@pytest.mark.parametrize("written", ["fdp", "ntm", "ftg", "vtff", "teubé"])
def test_abbreviated_insults_are_found(written: str) -> None:
    assert Attribute.INSULT in found(written)


@pytest.mark.parametrize(
    ("content", "lang"),
    [
        ("Le train a du retard.", "fr"),
        ("Café con leche", "es"),
        ("Con affetto, nonna", "it"),
        ("chili con carne", "fr"),
        ("La dispute, le concombre, la réputation", "fr"),
        ("Scunthorpe is twinned with Penistone", "en"),
        ("Dick Cheney reads Moby Dick", "en"),
        ("A chink in the armour", "en"),
        ("Ich bitte um Hilfe, a bite to eat", "en"),
        ("Je crève de faim", "fr"),
        ("Un cul-de-sac tranquille", "fr"),
        ("La brandade de morue", "fr"),
        ("Trois nouveaux abos", "fr"),
        ("Il est trop tard", "fr"),
    ],
)
def test_false_friends_are_no_hits(content: str, lang: str) -> None:
    assert not found(content, lang)


@pytest.mark.parametrize("content", ["Putain, c'est génial !", "Holy shit, what a goal"])
def test_emphasis_is_profanity_and_nothing_more(content: str) -> None:
    assert set(found(content)) == {Attribute.PROFANITY}


def test_a_slur_counts_as_an_attack_an_insult_and_toxicity() -> None:
    assert set(found("sale bougnoule")) >= {
        Attribute.IDENTITY_ATTACK,
        Attribute.INSULT,
        Attribute.TOXICITY,
    }


def test_a_threat_without_a_rude_word_is_found() -> None:
    assert Attribute.THREAT in found("Je sais où tu habites.")


def test_a_phrase_speaks_for_the_words_inside_it() -> None:
    assert words(found("Fils de pute")[Attribute.INSULT]) == ["Fils de pute"]


def test_a_word_met_twice_is_one_piece_of_evidence_with_two_places() -> None:
    (evidence,) = found("con, con")[Attribute.INSULT].evidence
    assert evidence.spans == (Span(0, 3), Span(5, 8))


def test_the_site_speaks_for_a_comment_of_unknown_language() -> None:
    (signals,) = LEXICON.review(a_batch("Quel con", lang="", site_lang="fr"))
    assert signals


@pytest.mark.parametrize("lang", ["", *BRIEF_LANGS])
def test_no_listed_word_alone_refuses_a_comment(lang: str) -> None:
    entries = shipped_entries()
    batch = a_batch(*(entry.phrase for entry in entries if entry.lang == lang), lang=lang)
    assert all(
        signal.score * signal.weight < 0.5
        for signals in LEXICON.review(batch)
        for signal in signals
        if signal.attribute is not Attribute.PROFANITY  # which refuses nobody by default
    )


def test_listed_strengths_and_languages_are_sound() -> None:
    for entry in shipped_entries():
        assert entry.phrase
        assert entry.lang in {"", *LANGS, *BRIEF_LANGS}
        assert all(0 < strength <= 1 for strength in entry.strengths.values())
        assert set(entry.strengths) <= TONE


def test_a_list_line_is_read_into_an_entry() -> None:
    (entry,) = parse_entries("# remark\nÉnervé\tinsult,profanity\t0.5\tfr\n")
    strengths = {Attribute.INSULT: 0.5, Attribute.PROFANITY: 0.5, Attribute.TOXICITY: 0.5}
    assert entry == Entry("enerve", strengths, "fr")


@pytest.mark.parametrize(
    "content", ["Espèce de connard", "Espece de c0nn4rd", "un gros cnonard", "merci à vous", ""]
)
def test_a_word_is_in_a_text_where_a_batch_has_a_hit(content: str) -> None:
    batch = Batch([Case(Comment("c", "s", "p", content, lang="fr"))])
    (hits,) = shipped_words().batch_hits(batch)
    assert shipped_words().are_in(batch.texts[0], "fr-CA") == any(hits)


def test_a_word_within_a_word_is_no_hit() -> None:
    listed = WordList([Entry("zut", {Attribute.PROFANITY: 0.5})])
    assert not listed.hits("azut zuter", "fr")
    assert len(listed.hits("zut, zut-alors zut2", "fr")) == 3


def test_the_model_reports_tone_and_never_spam() -> None:
    (signals,) = LinearToxicity().review(a_batch("Espèce de connard, ferme ta gueule"))
    assert {signal.attribute for signal in signals} <= TONE
    toxicity = next(signal for signal in signals if signal.attribute is Attribute.TOXICITY)
    assert toxicity.evidence[0].code == "toxicity.model"
    assert toxicity.evidence[0].params == {"percent": round(toxicity.score * 100)}


def test_the_model_says_nothing_of_an_ordinary_comment() -> None:
    (signals,) = LinearToxicity().review(a_batch("Merci pour cet article très clair."))
    assert all(signal.score < 0.5 for signal in signals)


@pytest.mark.parametrize(("lang", "weight"), [("fr", 1.0), ("", 1.0), ("it", 0.5)])
def test_the_model_only_hints_in_a_language_it_has_not_learned(lang: str, weight: float) -> None:
    (signals,) = LinearToxicity().review(a_batch("connard", lang=lang))
    assert {signal.weight for signal in signals} == {weight}


def test_the_words_of_spam_may_hold_but_not_refuse_a_comment() -> None:
    (signals,) = LinearSpam().review(
        a_batch("Prêt rapide sans garantie, écrivez à M. Durand sur WhatsApp +33 6 00 00 00 00")
    )
    (signal,) = signals
    assert signal.attribute is Attribute.SPAM
    assert 0.5 < signal.score * signal.weight < 0.9


def test_both_linear_checks_share_one_scoring() -> None:
    batch = a_batch("Bonjour")
    LinearToxicity().review(batch)
    made = dict(batch.__dict__["_made"])
    LinearSpam().review(batch)
    assert batch.__dict__["_made"] == made


def test_reviews_keep_the_order_of_the_cases() -> None:
    contents = ["Bonjour", "connard", "", "Merci", "ta gueule"]
    batch = a_batch(*contents)
    assert [bool(signals) for signals in LEXICON.review(batch)] == [0, 1, 0, 0, 1]
    assert len(LinearToxicity().review(batch)) == len(contents)


@pytest.mark.parametrize("written", ["enc*lé", "s*laud", "m*rdeux", "f*ck", "sal*pes", "con##rd"])
def test_a_masked_word_is_read_by_the_listed_words_that_fit(written: str) -> None:
    (evidence,) = found(f"Quel {written}, franchement", lang="")[Attribute.PROFANITY].evidence
    assert evidence.params["word"] == written


@pytest.mark.parametrize("written", ["*très*", "2*3*4", "a*b", "C#", "issue #12", "note*", "é*"])
def test_stars_beside_or_between_other_things_mask_nothing(written: str) -> None:
    assert found(f"Voilà {written} ici") == {}


@pytest.mark.parametrize(
    ("written", "is_rude"), [("pu73", True), ("merci3", False), ("mp3", False)]
)
def test_digits_at_the_end_are_letters_only_in_a_listed_word(written: str, is_rude: bool) -> None:
    assert (Attribute.PROFANITY in found(f"Quelle {written}, celle-là")) is is_rude


def test_a_rude_word_is_surely_profanity_and_only_a_hint_of_toxicity() -> None:
    signals = found("Quel connard")
    profanity, toxicity = signals[Attribute.PROFANITY], signals[Attribute.TOXICITY]
    assert profanity.score * profanity.weight > 0.5 > toxicity.score * toxicity.weight


@pytest.mark.parametrize("written", ["connard ", "enc*lé "])
def test_a_rude_word_said_a_thousand_times_has_bounded_evidence(written: str) -> None:
    (evidence,) = found(written * 1000)[Attribute.PROFANITY].evidence
    assert len(evidence.spans) == 100


def actions(options: EncoderOptions, texts: list[tuple[str, str]]) -> list[Action]:
    comments = [
        Comment(id=str(n), site="s", page="p", content=content, lang=lang)
        for n, (content, lang) in enumerate(texts)
    ]
    batch = Batch([Case(comment) for comment in comments])
    return [verdict.action for verdict in build_pipeline(encoder=options).review(batch, POLICY)]


def test_no_listed_threat_is_approved_with_the_encoder_that_is_rejected_without_it() -> None:
    with_encoder, without = actions(DEFAULT, THREATS), actions(LINEAR_ALONE, THREATS)
    cancelled = [
        phrase
        for (phrase, _), asked, alone in zip(THREATS, with_encoder, without, strict=True)
        if asked is Action.APPROVE and alone is Action.REJECT
    ]
    assert cancelled == []


def test_every_listed_threat_waits_for_a_moderator_at_least_whatever_the_encoder_says() -> None:
    said = zip(THREATS, actions(DEFAULT, THREATS), strict=True)
    assert [phrase for (phrase, _), action in said if action is Action.APPROVE] == []


@pytest.mark.parametrize(
    ("content", "lang"),
    [
        ("kys", "en"),
        ("people like you should be put down like dogs", "en"),
        ("just go kill yourself already", "en"),
        ("Kill yourselves, all of you.", "en"),
        ("Va te pendre, personne ne te regrettera.", "fr"),
        ("va te pendre connard", "fr"),
        ("Des gens comme toi, il faudrait les piquer comme des chiens.", "fr"),
        ("Vous méritez de crever, tous autant que vous êtes", "fr"),
        ("tire-toi une balle", "fr"),
    ],
)
def test_a_listed_threat_reaches_the_threshold_by_itself(content: str, lang: str) -> None:
    signal = found(content, lang)[Attribute.THREAT]
    assert HOLDS_THREATS is not None
    assert HOLDS_THREATS.hold <= signal.score * signal.weight < 0.5


@pytest.mark.parametrize(
    ("content", "lang"),
    [
        ("He told me to kill yourself, those were his words.", "en"),
        ('A stranger wrote "kill yourself" under my photo.', "en"),
        ("Three teenagers were sentenced for it: we will find you, they should be shot.", "en"),
        ("« Va te pendre », voilà ce qu'on lit sous ses vidéos.", "fr"),
        ("Il a crié va te pendre devant toute la classe.", "fr"),
        ("Elle a reçu des messages : tu mérites la mort, suicide-toi.", "fr"),
    ],
)
def test_a_threat_told_or_quoted_is_left_to_the_models(content: str, lang: str) -> None:
    signal = found(content, lang)[Attribute.THREAT]
    assert signal.score * signal.weight < 0.2


@pytest.mark.parametrize(
    "content",
    [
        "Je suis crevé, quelle journée.",
        "Tu vas mourir de rire en lisant ça.",
        "Si le chêne va mourir, autant le dire.",
        "Le groupe revient au peloton.",
        "This script should be executed at noon.",
        "People who smoke get cancer.",
        "Don't shoot yourself in the foot.",
        "You are dead right about the lock.",
    ],
)
def test_words_that_threaten_nobody_do_not_hold_a_comment(content: str) -> None:
    signal = found(content, lang="en" if content.isascii() else "fr").get(Attribute.THREAT)
    assert signal is None or signal.score * signal.weight < 0.2


def test_no_longer_phrase_hides_a_listed_threat() -> None:
    for lang in LANGS:
        for entry in entries_of(lang):
            if not entry.strengths or entry.strengths.get(Attribute.THREAT, 0.0) >= SURE:
                continue
            inside = [
                phrase
                for phrase, other in THREATS
                if other == lang and f" {phrase} " in f" {entry.phrase} "
            ]
            assert inside == [], entry.phrase


@pytest.mark.parametrize(
    ("content", "lang"),
    [
        ("Il porte une salopette, on fait un pique-nique à Bitche en Moselle.", "fr"),
        ("La commune de Pussy fête ses cloches, un bicot de chèvre en tête.", "fr"),
        ("Son nègre littéraire aime la tête-de-nègre et le cul-de-lampe.", "fr"),
        ("La chatte de la voisine, le branle-bas, la Putain respectueuse.", "fr"),
        ("Elle prend une douche.", "fr"),
        ("Faggots and peas, a pussycat, pussy willow, a blue tit on Dyke Road.", "en"),
        ("Our labrador bitch, Dick Whittington, a cock pheasant.", "en"),
    ],
)
def test_harmless_phrases_and_names_are_no_hits(content: str, lang: str) -> None:
    assert found(content, lang) == {}


@pytest.mark.parametrize(
    ("content", "lang"),
    [
        ("Hitler was right", "en"),
        ("These people are vermin", "en"),
        ("Go back to your country", "en"),
        ("Jews control the media.", "en"),
        ("Hitler avait raison", "fr"),
        ("Retourne dans ton pays", "fr"),
        ("Les juifs contrôlent les médias", "fr"),
    ],
)
def test_a_slogan_against_a_group_waits_for_a_moderator(content: str, lang: str) -> None:
    assert actions(DEFAULT, [(content, lang)]) != [Action.APPROVE]


@pytest.mark.parametrize(
    ("content", "lang"),
    [
        ("He shouted go back to your country at my mother", "en"),
        ("Anyone who says Hitler was right should read a book", "en"),
        ("The claim that Jews control the media is an old lie", "en"),
        ("Nobody should be told to go back to your country", "en"),
        ("On m'a dit retourne dans ton pays, je suis né à Lyon", "fr"),
        ("Ceux qui disent qu'Hitler avait raison me font honte", "fr"),
        ("Le cliché « les juifs contrôlent les médias » a la vie dure", "fr"),
        ("Le slogan La France aux Français date de 1880", "fr"),
        ("Je retourne en Algérie cet été voir ma famille", "fr"),
    ],
)
def test_who_tells_of_a_slogan_or_objects_to_it_is_published(content: str, lang: str) -> None:
    assert actions(DEFAULT, [(content, lang)]) == [Action.APPROVE]


@pytest.mark.parametrize("word", ["bordel", "merde", "putain", "fuck", "shit"])
def test_a_swear_word_is_profanity_by_the_list_alone(word: str) -> None:
    signal = found(f"Oh {word}, encore")[Attribute.PROFANITY]
    assert signal.score * signal.weight >= 0.5


@pytest.mark.parametrize("lang", BRIEF_LANGS)
def test_a_brief_list_is_in_plain_letters_and_limited_to_its_language(lang: str) -> None:
    text = (files(lexicon.__package__) / "lexicons" / f"{lang}.tsv").read_text("utf-8")
    phrases = [line.split("\t")[0] for line in text.splitlines() if not line.startswith("#")]
    assert phrases == [Text.of(phrase).plain for phrase in phrases]
    assert len(phrases) == len(set(phrases)) >= 80
    assert {entry.lang for entry in entries_of(lang)} == {lang}


def action_on(pipeline: Pipeline, content: str, lang: str) -> Action:
    (verdict,) = pipeline.review(a_batch(content, lang=lang), POLICY)
    return verdict.action


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return build_pipeline()


@pytest.mark.parametrize(
    ("content", "lang"),
    [
        ("Ihr Arschlöcher habt doch keine Ahnung", "de"),
        ("Bando de viado", "pt"),
        ("Eres un hijo de puta", "es"),
        ("Sei un coglione di merda, stai zitto", "it"),
        ("Jij bent een kankerhoer, hou je bek dicht", "nl"),
    ],
)
def test_a_plain_insult_is_not_approved_where_the_models_know_less(
    pipeline: Pipeline, content: str, lang: str
) -> None:
    assert action_on(pipeline, content, lang) in {Action.HOLD, Action.REJECT}


@pytest.mark.parametrize(
    ("content", "lang"),
    [
        ("Der Autor wohnt am Arsch der Welt.", "de"),
        ("A bicha para o pão era longa.", "pt"),
        ("Compré un cono de helado de fresa.", "es"),
        ("La guerra di Troia durò dieci anni.", "it"),
        ("De eikel viel van de boom.", "nl"),
        ("Wir wollen den Schrank an die Wand stellen.", "de"),
        ("Separe o seu lixo antes da coleta.", "pt"),
        ("Me puse a fregar platos después de cenar.", "es"),
        ("Le donne in cucina preparano la cena.", "it"),
        ("Ik liep terug naar de keuken.", "nl"),
    ],
)
def test_an_ordinary_word_that_looks_rude_passes(
    pipeline: Pipeline, content: str, lang: str
) -> None:
    assert found(content, lang) == {}
    assert action_on(pipeline, content, lang) is Action.APPROVE


def test_a_mild_word_alone_passes_where_the_models_know_less(pipeline: Pipeline) -> None:
    assert found("Este plato es una mierda.", "es")
    assert action_on(pipeline, "Este plato es una mierda.", "es") is Action.APPROVE


def test_a_word_of_one_language_is_no_hit_in_another() -> None:
    assert found("Kut", "nl")
    assert found("Troia", "it")
    assert not found("Kut", "de")
    assert not found("Troia", "pt")
    assert not found("Arsch", "fr")
    assert found("fdp", "fr")
    assert not found("Die FDP im Bundestag", "de")
    assert not found("Daar kunt u zitten, el negro", "nl")


def test_a_word_weighs_more_where_the_models_know_less() -> None:
    listed = found("Stronzo", "it")
    known = found("Connard", "fr")
    for attribute in (Attribute.INSULT, Attribute.TOXICITY):
        assert listed[attribute].weight > known[attribute].weight
    # With the 0.3 of a model an insult is held; the list alone holds none, nor a mild word.
    holds = POLICY.threshold(Attribute.INSULT, "it")
    assert holds is not None
    model = Signal("toxicity.linear", Attribute.INSULT, 0.3, 1.0, ())
    assert combine([model, listed[Attribute.INSULT]])[Attribute.INSULT] >= holds.hold
    mild = found("Stupido", "it")[Attribute.INSULT]
    assert combine([model, mild])[Attribute.INSULT] < holds.hold


def test_a_word_listed_in_several_languages_is_found_masked_in_each() -> None:
    for lang in ("pt", "it"):
        assert words(found("m*rda", lang)[Attribute.PROFANITY]) == ["m*rda"]
