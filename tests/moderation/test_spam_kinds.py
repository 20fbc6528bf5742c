"""Every kind of comment spam is stopped with a reason, and talk about the same things is not.

The examples stand in ``spam_kinds/*.tsv``: kind, language, author, homepage, text. Domains and
numbers are those reserved for examples and fiction; ``\\u200b`` stands for what nobody sees.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from config.settings import default_policy
from service.moderation.batch import Batch
from service.moderation.checks import build_pipeline
from service.moderation.checks.spam.linear import LinearSpam
from service.moderation.checks.spam.links import Links
from service.moderation.comment import Case, Comment, Facts
from service.moderation.pipeline import Pipeline
from service.moderation.policy import Policy, policy_from
from service.moderation.signal import Attribute, combine
from service.moderation.verdict import Action, Verdict
from service.schemas.wording import reasons

FOLDER = Path(__file__).with_name("spam_kinds")
KINDS_LIST = """
    links seo-praise casino pharma loan voyance mobile-money crypto adult essay trackback spinner
    hidden gibberish tricks spelled
"""
KINDS = frozenset(KINDS_LIST.split())


def case(text: str, lang: str, author: str = "", url: str = "") -> Case:
    comment = Comment(id="1", site="s", page="https://journal.example/p", content=text,
                      author=author, url=url, lang=lang)  # fmt: skip
    return Case(comment, Facts(site_lang=lang))


def examples(name: str) -> list[tuple[str, Case]]:
    lines = (FOLDER / f"{name}.tsv").read_text("utf-8").splitlines()
    rows = (line.replace("\\u200b", "\u200b").split("\t") for line in lines)
    return [(kind, case(text, lang, author, url)) for kind, lang, author, url, text in rows]


def name_of(example: tuple[str, Case]) -> str:
    return f"{example[0]}-{example[1].comment.lang}"


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return build_pipeline()


@pytest.fixture(scope="module")
def policy() -> Policy:
    return policy_from(default_policy())


def judged(pipeline: Pipeline, policy: Policy, one: Case) -> Verdict:
    return pipeline.review(Batch([one]), policy)[0]


@pytest.mark.parametrize("example", examples("spam"), ids=name_of)
def test_spam_of_every_kind_is_stopped_with_a_reason(
    pipeline: Pipeline, policy: Policy, example: tuple[str, Case]
) -> None:
    verdict = judged(pipeline, policy, example[1])
    assert verdict.action in (Action.SPAM, Action.HOLD)
    assert verdict.rule in ("spam.refuse", "spam.hold")
    for language in ("en", "fr"):
        assert len(reasons(verdict, language)) >= 2


@pytest.mark.parametrize("example", examples("ham"), ids=name_of)
def test_talk_about_the_same_things_is_published(
    pipeline: Pipeline, policy: Policy, example: tuple[str, Case]
) -> None:
    assert judged(pipeline, policy, example[1]).action is Action.APPROVE


@pytest.mark.parametrize("name", ["spam", "ham"])
def test_every_kind_has_examples_in_both_languages(name: str) -> None:
    counts = Counter((kind, one.comment.lang) for kind, one in examples(name))
    assert set(counts) == {(kind, lang) for kind in KINDS for lang in ("fr", "en")}


@pytest.mark.parametrize(
    "text",
    ["{Bonjour|Salut}, {j'adore|j'aime} ce {site|blog}", "{Hi|Hello}, {great|nice} {post|blog}!"],
)
def test_a_template_left_unfilled_says_so(pipeline: Pipeline, policy: Policy, text: str) -> None:
    verdict = judged(pipeline, policy, case(text, "en"))
    assert "spintax" in {item.code for signal in verdict.signals for item in signal.evidence}
    assert any("template" in sentence for sentence in reasons(verdict, "en"))


FRENCH = """
Le compte rendu du conseil municipal est en ligne, on y lit tout autre chose : {}
Votre confrère avait publié les mêmes chiffres l'an dernier, voyez {}
Pour ceux qui veulent vérifier, la source est ici {} et elle date de mars.
Je ne suis pas d'accord, l'étude citée dit exactement l'inverse : {}
Merci pour l'article, il complète bien celui-ci {} que j'avais gardé.
La photo n'est pas celle du pont, la bonne se trouve là : {}
Les horaires ont changé depuis lundi, les nouveaux sont sur {}
Mon grand-père y travaillait, un documentaire en parle {}
La pétition des riverains est ici {}, chacun jugera.
On oublie souvent le rapport de la Cour des comptes : {} (page 40).
Quelqu'un a-t-il lu ceci ? {} Je trouve l'argument assez faible.
Une carte des pistes cyclables existe déjà, {}, il suffisait de la demander.
Le règlement complet de la piscine : {}. L'article 7 répond à votre question.
Attention, cette information a été démentie hier soir : {}
La recette de ma tante est presque la même, {} mais avec moins de sucre.
J'y étais samedi et j'ai raconté la soirée ici {} avec quelques images.
Il y a une erreur sur la date, comparez avec {}
Les résultats par commune sont publiés {} et la nôtre ne s'en sort pas si mal.
Pourquoi ne pas citer l'enquête d'origine ? {}
Le témoignage de l'infirmière m'a bouleversée, à écouter en entier : {}
La loi est pourtant claire, voyez le texte {} avant de commenter.
Bonne nouvelle pour le lavoir, le chantier commence enfin : {}
Ce n'est pas la première fois, souvenez-vous de 2015 : {}
Pour les allergiques, la liste des pollens de la semaine est sur {}
Je cherche le podcast dont vous parlez, est-ce celui-ci ? {}
"""
ENGLISH = """
The minutes of the council meeting are online and say something else: {}
Your own paper printed the same figures last year, see {}
For anybody who wants to check, the source is here {} and it dates from March.
I disagree, the study you quote says exactly the opposite: {}
Thank you for this, it goes well with an older piece I kept: {}
That is not the old bridge in the photo, the right one is here: {}
The timetable changed on Monday, the new one is at {}
My grandfather worked there, a documentary tells the story {}
The residents wrote an open letter, {}, read it and judge for yourself.
People keep forgetting the auditors' report: {} (page 40).
Has anyone read this? {} I find the argument rather weak.
A map of the cycle lanes exists already, {}, somebody only had to ask.
The full rules of the pool: {}. Article 7 answers your question.
Careful, this was denied yesterday evening: {}
My aunt's recipe is nearly the same, {} but with less sugar.
I was there on Saturday and wrote it up here {} with some pictures.
There is a mistake in the date, compare with {}
The results by district are published {} and ours is not doing so badly.
Why not quote the original investigation? {}
The nurse's account moved me to tears, listen to all of it: {}
The law is quite clear, see the text {} before you comment.
Good news for the mill, the works begin at last: {}
It is not the first time, remember 2015: {}
If you have hay fever, this week's pollen list is at {}
I am looking for the podcast you mention, is it this one? {}
"""
LINKS = (
    "https://www.journal-du-canal.example/politique/2024/03/12/article_61234.html",
    "https://gazette.example/local/old-bridge-reopens-after-two-years",
    "https://example.org/wiki/Canal_du_Midi",
    "www.ville-du-canal.example/conseil/compte-rendu-2024.pdf",
    "https://blog-de-marie.example/2023/05/les-haies",
    "https://videos.example/watch?v=dQw4w9WgXcQ",
    "https://forum-bricolage.example/viewtopic.php?t=1234",
    "https://petitions.example/initiatives/2345",
    "https://doi.example/10.1038/s41586-020-2649-2",
    "https://musee-de-la-batellerie.example/expos",
    "https://stats.example.net/fr/statistiques/7456564",
    "https://social.example/@claire/1098765",
    "http://carto.example.net/velo",
    "https://les-amis-du-canal.example/agenda#samedi",
    "https://www.example.com/recipes/banana-bread",
    "https://maps.example/place/Rue+du+Port",
    "https://mairie.example/travaux/rue-haute",
    "https://radio.example/podcasts/episode-12",
    "https://biblio.example/livre/123456/critiques",
    "https://archive.example/web/2023/https://example.org/a",
)
_LINKS_OF_EACH = 4
HONEST = [
    (sentence.format(LINKS[(_LINKS_OF_EACH * number + place) % len(LINKS)]), lang)
    for lang, sentences in (("fr", FRENCH), ("en", ENGLISH))
    for number, sentence in enumerate(sentences.strip().split("\n"))
    for place in range(_LINKS_OF_EACH)
]
MOST_HELD = 0.03
"""The share of readers with one honest link that may have to wait; measured: 3 of 200."""


@pytest.fixture(scope="module")
def honest(pipeline: Pipeline, policy: Policy) -> Counter[Action]:
    verdicts = pipeline.review(Batch([case(text, lang) for text, lang in HONEST]), policy)
    return Counter(verdict.action for verdict in verdicts)


def test_of_200_readers_who_give_one_honest_link_none_is_refused(
    honest: Counter[Action],
) -> None:
    assert len(set(HONEST)) == 200
    assert honest[Action.SPAM] + honest[Action.REJECT] == 0


def test_next_to_no_reader_who_gives_one_honest_link_has_to_wait(honest: Counter[Action]) -> None:
    assert honest[Action.HOLD] <= MOST_HELD * len(HONEST)


SIGN_UP = "Free trial, sign up here and tell your friends"
CERTAIN = 0.99


@pytest.mark.parametrize("link", ["https://gazette.example/lock", "www.gazette.example/lock"])
def test_words_with_one_link_hold_only_when_all_but_certain(policy: Policy, link: str) -> None:
    batch = Batch([case(f"{SIGN_UP} {link}", "en")])
    (words,) = LinearSpam().review(batch)[0]
    total = combine([words, *Links().review(batch)[0]])[Attribute.SPAM]
    threshold = policy.threshold(Attribute.SPAM, "en")
    assert threshold is not None
    assert words.score < CERTAIN
    assert total < threshold.hold
    assert combine([replace(words, score=CERTAIN)])[Attribute.SPAM] < threshold.hold


def test_words_without_a_link_or_with_several_weigh_more() -> None:
    link = "https://gazette.example/lock"
    contents = (f"{SIGN_UP} {link}", SIGN_UP, f"{SIGN_UP} {link} {link}-gate")
    found = LinearSpam().review(Batch([case(content, "en") for content in contents]))
    one, none, two = (signal.weight for signals in found for signal in signals)
    assert one < none == two
