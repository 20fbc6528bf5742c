"""Made-up comments for the benchmarks: French and English, seeded, each one distinct."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

SPAM_SHARE = 0.10
TOXIC_SHARE = 0.05
LENGTH = 170
"""Sentences are added until a comment has this many characters: about 200 on average."""
PAGES = 50


@dataclass(frozen=True, slots=True)
class Written:
    """Hold what one made-up visitor writes, and from where."""

    kind: str
    lang: str
    author: str
    email: str
    url: str
    content: str
    page: str
    ip: str
    user_agent: str


TOPICS = {
    "fr": (
        "la nouvelle piste cyclable", "le marché du samedi", "la réforme des horaires",
        "le vieux pont de pierre", "la bibliothèque de quartier", "le budget de la commune",
        "cette recette de tarte aux poireaux", "le dernier album du groupe", "la ligne de tramway",
        "le concert de dimanche", "la fermeture de la poste", "ce logiciel libre",
        "le potager partagé", "la traduction du roman", "l'exposition de photographies",
        "le prix des loyers", "la cantine de l'école", "le sentier du littoral",
        "la panne de chauffage", "le tournoi d'échecs", "ce réglage de l'appareil",
        "la finale de handball", "le four à pain du village", "la mise à jour du système",
    ),
    "en": (
        "the new cycle path", "the Saturday market", "the change of opening hours",
        "the old stone bridge", "the branch library", "the town budget", "this leek pie recipe",
        "the band's last record", "the tram line", "Sunday's concert", "the post office closing",
        "this piece of free software", "the shared vegetable garden", "the novel's translation",
        "the photography exhibition", "the price of rents", "the school canteen",
        "the coastal footpath", "the heating failure", "the chess tournament",
        "this camera setting", "the handball final", "the village bread oven",
        "the system upgrade",
    ),
}  # fmt: skip
SENTENCES = {
    "fr": (
        "Merci pour cet article, j'ignorais presque tout sur {topic} avant de vous lire.",
        "Chez nous à {place}, {topic} a fait parler tout le monde pendant {count} semaines.",
        "Je ne suis pas d'accord : pour {topic}, il aurait fallu consulter les habitants.",
        "Quelqu'un sait-il si {topic} sera encore d'actualité en {year} ?",
        "Ma voisine travaille là-dessus depuis {count} ans et elle confirme vos chiffres.",
        "On oublie souvent que {topic} dépend aussi de la météo et du nombre de bénévoles.",
        "J'ai essayé la méthode hier soir avec {count} amis, le résultat est très correct.",
        "Il me semble que la photo date de {year}, le bâtiment n'avait pas encore été repeint.",
        "Pourriez-vous donner la source du passage sur {topic} ? Je voudrais la citer en cours.",
        "En relisant l'article à {place}, j'ai remarqué une petite faute au troisième paragraphe.",
        "Très bonne analyse, même si {topic} méritait à mon avis un paragraphe de plus.",
    ),
    "en": (
        "Thank you for this article, I knew next to nothing about {topic} before reading it.",
        "Back home in {place}, {topic} kept everybody talking for {count} weeks.",
        "I disagree: when it comes to {topic}, residents should have been asked first.",
        "Does anybody know whether {topic} will still matter by {year}?",
        "My neighbour has worked on this for {count} years and she confirms your figures.",
        "People forget that {topic} also depends on the weather and on how many volunteers come.",
        "I tried the method last night with {count} friends and it turned out rather well.",
        "The picture must be from {year}, since the building had not been repainted yet.",
        "Could you give the source for the part on {topic}? I would like to quote it in class.",
        "Reading this again in {place}, I noticed a small mistake in the third paragraph.",
        "Very good analysis, though {topic} deserved one more paragraph in my opinion.",
    ),
}
SPAM = {
    "fr": (
        "Gagnez {count}00 euros par semaine depuis chez vous, sans effort : {link}",
        "Crédit rapide sans justificatif, réponse en {count} minutes, écrivez vite à {mail}",
        "Meilleur casino en ligne, bonus de {count}00 % offert ce soir seulement {link}",
        "Montres de luxe pas chères, livraison gratuite à {place}, cliquez ici {link}",
    ),
    "en": (
        "Earn ${count}00 a week working from home, no experience needed: {link}",
        "Cheap replica watches, free shipping to {place}, click here now {link}",
        "Best online casino, {count}00% bonus for new players tonight only {link}",
        "Need followers fast? Our SEO service guarantees first page results, contact {mail}",
    ),
}
TOXIC = {
    "fr": (
        "Tu es vraiment un pauvre imbécile si tu crois à {topic}, ferme-la.",
        "Quelle bande de crétins à {place}, vous êtes tous nuls et pathétiques.",
    ),
    "en": (
        "You are a complete idiot if you believe in {topic}, just shut up.",
        "What a bunch of morons in {place}, you are all pathetic losers.",
    ),
}
OPENINGS: Mapping[str, Mapping[str, tuple[str, ...]]] = {"spam": SPAM, "toxic": TOXIC}
PLACES = (
    "Rennes", "Namur", "Lausanne", "Chicoutimi", "Perpignan", "Bergerac", "Quimper", "Colmar",
    "Leeds", "Galway", "Halifax", "Dunedin", "Portland", "Cardiff", "Inverness", "Norwich",
)  # fmt: skip
NAMES = (
    "Claire", "Youssef", "Margaux", "Étienne", "Aminata", "Benoît", "Solène", "Karim",
    "Alice", "Desmond", "Priya", "Owen", "Fiona", "Marcus", "Ingrid", "Tomasz",
)  # fmt: skip
BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1",
)
DOMAINS = ("example.org", "mail.example.net", "courrier.example.com", "example.fr")


def written(count: int, seed: int) -> list[Written]:
    """Return ``count`` distinct comments; the same seed makes the same ones."""
    chance = random.Random(seed)
    made: dict[str, Written] = {}
    while len(made) < count:
        comment = _one(chance, f"{seed}x{len(made)}")
        made.setdefault(comment.content, comment)
    return list(made.values())


def page_of(number: int) -> str:
    """Return the address of one of the pages commented on."""
    return f"https://journal.example/articles/{number}"


def _one(chance: random.Random, number: str) -> Written:
    lang = chance.choice(("fr", "en"))
    kind = chance.choices(
        ("plain", "spam", "toxic"), (1 - SPAM_SHARE - TOXIC_SHARE, SPAM_SHARE, TOXIC_SHARE)
    )[0]
    name = chance.choice(NAMES)
    is_spam = kind == "spam"
    return Written(
        kind=kind,
        lang=lang,
        author=f"{name} {chance.choice('ABCDEFGHIJKLMNOPRSTV')}.",
        email=f"{_ascii(name)}.{number}@{chance.choice(DOMAINS)}",
        url=f"http://best-{number}.example/offer" if is_spam else "",
        content=_content(chance, lang, kind, number),
        page=page_of(chance.randrange(PAGES)),
        ip=f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}",
        user_agent=chance.choice(BROWSERS),
    )


def _content(chance: random.Random, lang: str, kind: str, number: str) -> str:
    patterns = [chance.choice(OPENINGS[kind][lang])] if kind in OPENINGS else []
    patterns += chance.sample(SENTENCES[lang], len(SENTENCES[lang]))
    text = ""
    for pattern in patterns:
        if len(text) >= LENGTH:
            break
        text = f"{text} {_sentence(chance, pattern, lang, number)}".strip()
    return text


def _sentence(chance: random.Random, pattern: str, lang: str, number: str) -> str:
    return pattern.format(
        topic=chance.choice(TOPICS[lang]),
        place=chance.choice(PLACES),
        count=chance.randrange(2, 30),
        year=chance.randrange(1975, 2040),
        link=f"http://deal-{number}.example/win",
        mail=f"contact@deal-{number}.example",
    )


def _ascii(name: str) -> str:
    return name.lower().translate(str.maketrans("éîèô", "eieo"))
