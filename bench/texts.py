"""Made-up comments for the benchmarks: French and English, seeded, each one distinct."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

SPAM_SHARE = 0.10
TOXIC_SHARE = 0.05
LENGTHS = (20, 20, 90)
"""Sentences are added until a comment has one of these numbers of characters: most are one."""
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
# A sentence is one of each: 2.5 million in a language, so that comments are like readers' and
# not like copies of one template.
PARTS: Mapping[str, Mapping[str, str]] = {
    "fr": {
        "who": (
            "ma voisine|mon grand-père|le boulanger|notre institutrice|la maire|"
            "un ami belge|le facteur|une étudiante|mon cousin|la fanfare|l'entraîneur|"
            "le photographe|une libraire|le pharmacien|notre équipe|la bibliothécaire|"
            "un apiculteur|le garagiste|ma belle-mère|un journaliste|la directrice|"
            "le maçon|une infirmière|le jardinier|mon collègue|la chorale|un touriste|"
            "le guide|une retraitée|le vétérinaire|la préfète|un pêcheur|le cuisinier|"
            "une cycliste|le menuisier|la comédienne|un éleveur|l'architecte|"
            "une chercheuse|le bedeau"
        ),
        "did": (
            "a réparé|a photographié|avait prévu|raconte souvent|oublie toujours|"
            "voulait visiter|a repeint|défend avec passion|cherche encore|a trouvé|"
            "connaît par cœur|a critiqué|préfère nettement|a rapporté|prépare chaque année|"
            "mesurait autrefois|a dessiné|filme en ce moment|voudrait sauver|a financé|"
            "décrit longuement|a comparé|a traduit|vend désormais|collectionne|a déplacé|"
            "observe de près|a fait découvrir|restaure lentement|a perdu|"
            "note scrupuleusement|a offert|présente demain|regrette un peu|a testé|"
            "cultive|enseigne|a rangé|loue volontiers|admire"
        ),
        "what": (
            "le vieux moulin|les horaires du car|une recette de confiture|"
            "la façade du théâtre|les chiffres de l'enquête|un carnet de voyage|"
            "le sentier des douaniers|les tomates anciennes|une carte de la vallée|"
            "la passerelle en bois|des graines de courge|le clocher penché|"
            "les archives du canal|une partition oubliée|la serre municipale|"
            "des vélos d'occasion|le lavoir couvert|les bancs du square|une lampe à huile|"
            "la fresque du gymnase|des poèmes d'hiver|le four communal|les ruches du parc|"
            "une maquette d'écluse|la signalisation du carrefour|des cerfs-volants|"
            "le plan de circulation|les noms des rues|une horloge arrêtée|"
            "la cour de récréation|des fossiles marins|le verger partagé|"
            "les comptes de l'association|une paire de sabots|la digue nord|"
            "des disques rares|le manège|les volets bleus|une tarte aux mirabelles|"
            "la fontaine sèche"
        ),
        "when": (
            "depuis {year}|avant la fin du mois|pendant {count} jours|près de {place}|"
            "malgré la pluie|avec {count} bénévoles|sans prévenir personne|"
            "pour la fête du village|entre midi et deux|à cause du vent|"
            "grâce au bus de {place}|lors de la dernière réunion|en attendant le printemps|"
            "au bord de la rivière|derrière la gare de {place}|comme chaque dimanche|"
            "pour {count} euros à peine|dans un silence complet|avec beaucoup de patience|"
            "sous les yeux des enfants|à deux pas du marché|selon le journal de {place}|"
            "contre l'avis général|en moins d'une heure|chez un antiquaire|"
            "au troisième essai|parmi {count} candidats|sur un coup de tête|"
            "après le concert|hors saison|à la lampe frontale|juste avant l'orage|"
            "en plein mois d'août|par simple curiosité|à l'ancienne|faute de place|"
            "loin des caméras|toutes fenêtres ouvertes|en {year} déjà|d'une seule main"
        ),
    },
    "en": {
        "who": (
            "my neighbour|our mayor|a Danish friend|the baker|my old teacher|"
            "that brass band|a young farmer|our goalkeeper|the librarian|somebody's uncle|"
            "a retired nurse|the beekeeper|my cousin|one photographer|the bus driver|"
            "a local plumber|our choir|the gardener|a history student|the curator|"
            "my flatmate|one councillor|a keen cyclist|the vet|our landlord|"
            "a street musician|the coach|my sister|an archaeologist|the fishmonger|"
            "a volunteer|our postman|the carpenter|a travelling cook|my grandmother|"
            "the lifeguard|an engineer|our caretaker|the translator|a shopkeeper"
        ),
        "did": (
            "repaired|photographed|once described|keeps talking about|never finished|"
            "wanted to see|repainted|always defends|is still looking for|found|"
            "knows everything about|did not like|prefers|brought back|makes a list of|"
            "used to look after|drew|is filming|hopes to save|paid for|explained|"
            "wrote about|translated a book about|now sells|collects pictures of|moved|"
            "keeps an eye on|told us about|is slowly restoring|lost|takes notes about|"
            "gave away|will show us|misses|tried out|takes care of|"
            "teaches the children about|tidied up|likes to talk about|admires"
        ),
        "what": (
            "the old mill|the bus timetable|her marmalade recipe|the theatre curtain|"
            "the survey figures|his travel diary|the coastal footpath|our tomatoes|"
            "a map of the valley|the wooden bridge|some pumpkin seeds|the crooked spire|"
            "the canal records|that old sheet music|the town greenhouse|a second-hand bike|"
            "the covered market|the park benches|an oil lamp|the mural in the gym|"
            "some poems about winter|the village oven|the hives on the roof|"
            "a model of the lock|the signs at the junction|those paper kites|"
            "the traffic plan|the street names|the stopped clock|the school playground|"
            "a few sea fossils|the shared orchard|the club's accounts|a pair of boots|"
            "the north pier|a rare record|the carousel|the blue shutters|her plum tart|"
            "the dry fountain"
        ),
        "when": (
            "in {year}|before the end of the month|for {count} days|near {place}|"
            "in spite of the rain|with {count} helpers|without telling anyone|"
            "for the summer fair|at lunchtime|because of the wind|"
            "thanks to the train from {place}|at the last meeting|while we wait for spring|"
            "by the river|behind the station in {place}|like every Sunday|"
            "for {count} pounds|without a word|with a lot of patience|"
            "in front of the children|close to the market|or so they say in {place}|"
            "against everybody's advice|within an hour|at an antique shop|"
            "at the third attempt|with {count} others|on a whim|after the concert|"
            "out of season|by torchlight|just before the storm|in the middle of August|"
            "out of curiosity|as people used to do|when there was room|"
            "away from the cameras|with the windows open|back in {year}|with one hand"
        ),
    },
}
_PHRASES = {lang: [each.split("|") for each in parts.values()] for lang, parts in PARTS.items()}
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
    opening = [chance.choice(OPENINGS[kind][lang])] if kind in OPENINGS else []
    text = " ".join(_filled(chance, pattern, lang, number) for pattern in opening)
    length = chance.choice(LENGTHS)
    while len(text) < length:
        text = f"{text} {_filled(chance, _sentence(chance, lang), lang, number)}".strip()
    return text


def _sentence(chance: random.Random, lang: str) -> str:
    said = " ".join(map(chance.choice, _PHRASES[lang]))
    return f"{said[0].upper()}{said[1:]}{chance.choice(('.', '.', ' !', ' ?', '…'))}"


def _filled(chance: random.Random, pattern: str, lang: str, number: str) -> str:
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
