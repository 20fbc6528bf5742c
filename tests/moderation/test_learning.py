"""The site's layer: thirty decisions are enough, and ordinary comments keep their verdicts."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import default_policy
from service.moderation.batch import Batch
from service.moderation.checks import build_pipeline
from service.moderation.comment import Case, Comment
from service.moderation.encoder_options import LINEAR_ALONE
from service.moderation.learning.layer import LayerUnreadable, SiteLayer
from service.moderation.learning.lesson import Lesson, LessonUnreadable, squeezed, unpacked
from service.moderation.learning.meaning import similar
from service.moderation.learning.memory import MOST_OF_A_KIND, kept
from service.moderation.learning.ordinary import Ordinary
from service.moderation.learning.teaching import Teaching, teaching
from service.moderation.learning.traits import TRAITS, traits
from service.moderation.pipeline import Pipeline
from service.moderation.policy import policy_from
from service.moderation.signal import Attribute, Signal, combine
from service.moderation.text import Text
from service.moderation.verdict import Status, Verdict

NOW = 1_790_000_000
POLICY = policy_from(default_policy())
INSULTS = (
    "Encore un {} qui donne son avis",
    "Le {} de service est de retour",
    "Va te coucher, {}",
    "Typique d'un {} comme on en voit partout",
    "Il n'y a qu'un {} pour écrire cela",
    "On reconnaît le {} à sa façon de parler",
    "Quel {}, celui-là, vraiment",
    "Un {} de plus dans la discussion",
    "Mais quel beau {} tu fais",
    "Les gens comme toi, j'appelle ça un {}",
)
ENDS = ("", " !", " ce matin", ", pour changer", " sur ce site", ", comme tous les jours",
        " depuis hier", ", et ça recommence", " dans ce village", " malgré les rappels",
        " sous chaque article", ", une fois encore", " pour ne rien dire")  # fmt: skip
PITCHES = (
    "Depuis que je range mes outils avec le système {}, mon garage est méconnaissable",
    "Mon beau-frère ne jure que par le système {} pour son atelier",
    "Avant je perdais tout, maintenant avec {} je retrouve chaque vis",
    "Quelqu'un ici a essayé {} ? Chez nous cela a tout changé",
    "Le rangement {} se monte en dix minutes, même ma fille y arrive",
    "Pour la cave comme pour le grenier, {} reste imbattable",
    "J'avais des doutes sur {} mais la livraison a été rapide",
    "Nous avons équipé l'école entière avec {} et personne ne regrette",
    "Rien à voir avec l'article, mais {} m'a réconcilié avec le bricolage",
    "Merci à celui qui m'a parlé de {}, quelle trouvaille",
)


def filled(templates: Sequence[str], name: str, seed: int) -> list[str]:
    """Return 130 different comments made of the templates, in a random order."""
    made = [template.format(name) + end for template in templates for end in ENDS]
    random.Random(seed).shuffle(made)
    return made


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return build_pipeline(encoder=LINEAR_ALONE)


def judged(
    pipeline: Pipeline, texts: Sequence[str], layer: SiteLayer | None = None
) -> list[Verdict]:
    cases = [
        Case(Comment(id=f"c{n}", site="demo", page="http://site.test/a", content=text, lang="fr"))
        for n, text in enumerate(texts)
    ]
    # One at a time, for the check of duplicates is not what is asked about here.
    return [pipeline.review(Batch([case], learned=layer), POLICY)[0] for case in cases]


def lessons_of(
    pipeline: Pipeline, texts: Sequence[str], target: Status, actor: str = "account:mo"
) -> list[Lesson]:
    found = traits([Text.of(text) for text in texts])
    lessons = []
    for index, verdict in enumerate(judged(pipeline, texts)):
        said = teaching(target, "", verdict.signals)
        assert said is not None
        lessons.append(Lesson(said, found.of(index), actor, NOW))
    return lessons


def ordinary_of(texts: Sequence[str]) -> Ordinary:
    found = traits([Text.of(text) for text in texts])
    return Ordinary.of([str(n) for n in range(len(texts))], found, None, "")


def everyday(count: int, seed: int) -> list[str]:
    """Return ordinary comments, each another mixture of subjects, places and opinions."""
    who = ("Le maire", "Ma voisine", "Le conseil", "L'auteur", "Notre équipe", "La préfecture",
           "Un lecteur", "Le directeur du théâtre", "L'association", "Le journal")  # fmt: skip
    does = ("a raison d'ouvrir", "devrait fermer", "a bien décrit", "a oublié de citer",
            "veut déplacer", "a sauvé", "critique depuis longtemps", "va rénover",
            "a encore retardé", "propose d'agrandir")  # fmt: skip
    what = ("la piscine", "le marché du samedi", "la ligne de bus", "le vieux pont", "l'école",
            "la bibliothèque", "le système de tri", "l'avis des habitants", "le stade",
            "la discussion sur les impôts", "le rangement des vélos", "le parking")  # fmt: skip
    ends = ("", ", et c'est tant mieux.", ", mais à quel prix ?", ". Merci pour l'article.",
            " depuis hier.", " dans ce village.", ", comme tous les ans.")  # fmt: skip
    every = [f"{a} {b} {c}{d}" for a in who for b in does for c in what for d in ends]
    return random.Random(seed).sample(every, count)


@pytest.mark.parametrize(
    ("templates", "name", "target"),
    [(INSULTS, "bourrichon", Status.REJECTED), (PITCHES, "Rangiflex", Status.SPAM)],
)
def test_after_thirty_decisions_the_next_hundred_like_them_are_caught(
    pipeline: Pipeline, templates: Sequence[str], name: str, target: Status
) -> None:
    texts = filled(templates, name, 1)
    before = judged(pipeline, texts[30:])
    rows = zip(texts[30:], before, strict=True)
    asked = [text for text, verdict in rows if verdict.status is Status.APPROVED]
    assert len(asked) > 50, "what the models catch proves nothing"
    layer = SiteLayer.learned(
        lessons_of(pipeline, texts[:30], target), ordinary_of(everyday(200, 2)), NOW
    )
    caught = [verdict.status for verdict in judged(pipeline, asked, layer)]
    assert caught.count(Status.APPROVED) <= 0.05 * len(asked)


def test_ordinary_comments_keep_their_verdicts(pipeline: Pipeline) -> None:
    lessons = [
        *lessons_of(pipeline, filled(INSULTS, "bourrichon", 1)[:30], Status.REJECTED),
        *lessons_of(pipeline, filled(PITCHES, "Rangiflex", 1)[:30], Status.SPAM),
    ]
    layer = SiteLayer.learned(lessons, ordinary_of(everyday(200, 2)), NOW)
    texts = everyday(2000, 3)
    before = [verdict.status for verdict in judged(pipeline, texts)]
    after = [verdict.status for verdict in judged(pipeline, texts, layer)]
    assert sum(a is not b for a, b in zip(before, after, strict=True)) <= 2


def test_a_word_everybody_on_the_site_uses_is_no_sign_of_guilt() -> None:
    about = [f"Le barrage de Vouzerac {end}" for end in ("déborde", "fuit", "inquiète", "plaît")]
    found = traits([Text.of(text) for text in about * 10])
    lessons = [
        Lesson(Teaching((0, 1), (0.0, 0.1)), found.of(n), "account:mo", NOW) for n in range(30)
    ]
    asked = traits([Text.of("Vouzerac")])
    strange = SiteLayer.learned(lessons, Ordinary(), NOW).log_odds(asked)[0, 1]
    common = SiteLayer.learned(lessons, ordinary_of(about * 50), NOW).log_odds(asked)[0, 1]
    assert common < strange / 2


def test_what_moderators_keep_approving_is_suspected_less(pipeline: Pipeline) -> None:
    places = ("au bord du lac", "près de la mare", "hier soir", "avec le chien",
              "à l'ouverture", "sous la pluie", "dans le brouillard")  # fmt: skip
    texts = [
        f"{first} la grosse pute de bécasse, {last}"
        for first in ("On a mangé", "J'ai plumé", "Il a tiré", "Nous cherchons", "Qui a vu")
        for last in places
    ]
    layer = SiteLayer.learned(lessons_of(pipeline, texts[:30], Status.APPROVED), Ordinary(), NOW)
    before, after = judged(pipeline, texts[30:]), judged(pipeline, texts[30:], layer)
    for old, new in zip(before, after, strict=True):
        assert new.scores[Attribute.TOXICITY] < 0.75 * old.scores[Attribute.TOXICITY]
        assert any(item.code == "site.approved" for s in new.signals for item in s.evidence)


@pytest.mark.parametrize("check", ["spam.honeypot", "spam.duplicates", "custom.words"])
def test_nothing_learned_excuses_how_a_comment_came_or_an_operator_s_rule(check: str) -> None:
    excuse = Signal("site.layer", Attribute.SPAM, 1.0, -0.4)
    assert combine([Signal(check, Attribute.SPAM, 0.9), excuse])[Attribute.SPAM] == pytest.approx(
        0.9
    )
    words = combine([Signal("spam.linear", Attribute.SPAM, 0.9), excuse])[Attribute.SPAM]
    assert words == pytest.approx(0.54)


@pytest.mark.parametrize(
    ("target", "reason", "guilt"),
    [
        (Status.APPROVED, "", (-1, -1)),
        (Status.SPAM, "", (1, 0)),
        (Status.REJECTED, "", (0, 1)),
        (Status.REJECTED, "insulte", (0, 1)),
        (Status.REJECTED, "C'est de la pub", (1, 0)),
        (Status.REJECTED, "advertising", (1, 0)),
        (Status.REJECTED, "des propos publics injurieux", (0, 1)),
    ],
)
def test_the_decision_and_its_reason_tell_what_is_taught(
    target: Status, reason: str, guilt: tuple[int, int]
) -> None:
    said = teaching(target, reason, ())
    assert said is not None
    assert said.guilt == guilt


@pytest.mark.parametrize("reason", ["Hors sujet", "off-topic", "doublon", "données personnelles"])
def test_a_refusal_for_something_else_teaches_nothing(reason: str) -> None:
    assert teaching(Status.REJECTED, reason, ()) is None
    assert teaching(Status.HELD, "", ()) is None
    assert teaching(Status.DELETED, "", ()) is None


def test_deciding_against_the_machine_teaches_most() -> None:
    sure = [Signal("toxicity.linear", Attribute.INSULT, 0.9)]
    agreed, opposed = teaching(Status.REJECTED, "", sure), teaching(Status.APPROVED, "", sure)
    assert agreed is not None
    assert opposed is not None
    assert opposed.weights[1] > 3 * agreed.weights[1]


def test_the_layer_is_not_its_own_witness() -> None:
    own = [Signal("site.layer", Attribute.TOXICITY, 0.9)]
    said = teaching(Status.REJECTED, "", own)
    assert said is not None
    assert said.suspicion == (0.0, 0.0)


def test_the_order_of_lessons_changes_nothing(pipeline: Pipeline) -> None:
    lessons = lessons_of(pipeline, filled(INSULTS, "bourrichon", 1)[:20], Status.REJECTED)
    there, back = (SiteLayer.learned(x, Ordinary(), NOW) for x in (lessons, lessons[::-1]))
    assert np.allclose(there.tables, back.tables, atol=1e-2)


def test_old_lessons_weigh_less_and_are_forgotten_in_the_end() -> None:
    rows = traits([Text.of("Un bourrichon")]).of(0)
    said = Teaching((0, 1), (0.0, 0.0))
    year = 365 * 86_400
    lessons = {"new": Lesson(said, rows, "a", NOW), "old": Lesson(said, rows, "a", NOW - 3 * year)}
    assert list(kept(lessons, NOW)) == ["new"]


def test_a_flood_of_one_kind_leaves_the_others_in_memory() -> None:
    rows = traits([Text.of("Un bourrichon")]).of(0)
    spam, tone = Teaching((1, 0), (0.0, 0.0)), Teaching((0, 1), (0.0, 0.9))
    lessons = {f"s{n:04}": Lesson(spam, rows, "a", NOW) for n in range(MOST_OF_A_KIND + 50)}
    lessons["tone"] = Lesson(tone, rows, "a", NOW - 86_400)
    chosen = kept(lessons, NOW)
    assert len(chosen) == MOST_OF_A_KIND + 1
    assert "tone" in chosen


@given(st.text(max_size=300))
def test_traits_are_sorted_bounded_and_the_same_in_any_company(text: str) -> None:
    alone, among = traits([Text.of(text)]), traits([Text.of("un autre"), Text.of(text)])
    rows = alone.of(0)
    assert np.array_equal(rows, among.of(1))
    assert np.array_equal(rows, np.unique(rows))
    assert rows.dtype.itemsize * 8 == TRAITS.bit_length() - 1


@given(
    st.tuples(st.integers(-1, 1), st.integers(-1, 1)),
    st.text(max_size=40),
    st.lists(st.integers(0, TRAITS - 1), unique=True, max_size=90),
    st.integers(0, 2**32 - 1),
)
def test_a_lesson_is_read_as_it_was_written(
    guilt: tuple[int, int], actor: str, rows: list[int], at_s: int
) -> None:
    actor = actor.encode("utf-8", "replace").decode()[:20]
    lesson = Lesson(Teaching(guilt, (0.0, 1.0)), np.array(sorted(rows), np.uint16), actor, at_s)
    read = unpacked(lesson.packed())
    assert (read.teaching, read.actor, read.at_s) == (lesson.teaching, actor, at_s)
    assert read.traits.tolist() == sorted(rows)


@given(st.binary(max_size=200))
def test_a_damaged_lesson_or_layer_is_said_to_be_unreadable(data: bytes) -> None:
    with pytest.raises(LayerUnreadable):
        SiteLayer.unpacked(data)
    if data[:1] != b"\x01":
        with pytest.raises(LessonUnreadable):
            unpacked(data)


def test_similar_comments_are_found_nearest_first() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(50, 384)).astype(np.float32)
    query = rows[7] + 0.5 * rows[3]
    packed = np.array([squeezed(row) for row in rows], np.int8)
    (first, cosine), (second, _) = similar(packed, query, 2)
    assert (first, second) == (7, 3)
    assert cosine == pytest.approx(0.89, abs=0.05)


def test_meaning_finds_spam_in_other_words_and_leaves_what_is_ordinary() -> None:
    rng = np.random.default_rng(2)
    towards = rng.normal(size=384)
    towards /= np.linalg.norm(towards)

    def vectors(count: int, pull: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        found = rng.normal(size=(count, 384)) / np.sqrt(384) + pull * towards
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)

    nothing = traits([Text.of("")]).of(0)
    said = Teaching((1, 0), (0.1, 0.0))
    lessons = [
        Lesson(said, nothing, "a", NOW, squeezed(vector), "e") for vector in vectors(30, 1.5)
    ]
    usual = vectors(300, 0.0)
    ordinary = Ordinary.of([str(n) for n in range(300)], traits([Text.of("")] * 300), usual, "e")
    layer = SiteLayer.unpacked(SiteLayer.learned(lessons, ordinary, NOW).packed())
    assert layer.meaning is not None
    assert (layer.meaning.log_odds(vectors(100, 1.5))[:, 0] > 1.5).mean() > 0.9
    assert (layer.meaning.log_odds(vectors(500, 0.0))[:, 0] > 1.5).mean() < 0.01
    assert not layer.meaning.log_odds(np.zeros((1, 384), np.float32)).any()
