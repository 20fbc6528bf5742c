"""Verdicts in words: one sentence for each rule, status and piece of evidence."""

from __future__ import annotations

from collections.abc import Mapping

from service.moderation.custom_rules import CHECK
from service.moderation.signal import Attribute, Evidence, Signal
from service.moderation.verdict import Action, Stage, Status, Verdict
from service.schemas.messages import LanguageName, Message, translate
from service.store.reported import ReportReason

MOST_REASONS = 8

STATUSES = {
    Status.RECEIVED: "Thank you. Your comment is being checked.",
    Status.APPROVED: "Thank you. Your comment is published.",
    Status.HELD: "Thank you. A moderator will read your comment before it is published.",
    Status.REJECTED: "Your comment was not published.",
    Status.SPAM: "Your comment was taken for advertising and not published.",
    Status.DELETED: "This comment was deleted.",
}

RULES = {
    "clean": "Nothing was found against it.",
    "staff": "It was written by the site's own staff.",
    "trusted": "The moderators trust its author.",
    "ban.shadow": "Its author is banned, and not told so.",
    "campaign": "It was approved, then turned out to be one of many copies.",
    "language.other": "Comments in languages the models do not know wait for a moderator here.",
    "insult.denied": "It seems to deny or report an insult: only a person can refuse it.",
    "reported": "Readers reported it after it was published.",
    "list.spam": "This site's own list files it as spam.",
    "list.reject": "This site's own list refuses it.",
    "list.hold": "This site's own list asks for a moderator.",
    "premoderation.new": "First comments by an author wait for a moderator here.",
    "premoderation.all": "Every comment waits for a moderator here.",
}

REPORTS = {
    ReportReason.SPAM: "Reported as advertising: {count}.",
    ReportReason.INSULT: "Reported as insulting: {count}.",
    ReportReason.HATE: "Reported as hateful: {count}.",
    ReportReason.THREAT: "Reported as threatening: {count}.",
    ReportReason.OFF_TOPIC: "Reported as off the subject: {count}.",
    ReportReason.PRIVATE: "Reported for what is private: {count}.",
    ReportReason.OTHER: "Reported for something else: {count}.",
}

DECIDED = {
    Status.APPROVED: "A moderator approved it.",
    Status.HELD: "A moderator wants it to be read again.",
    Status.REJECTED: "A moderator refused it.",
    Status.SPAM: "A moderator took it for advertising.",
    Status.DELETED: "A moderator deleted it.",
}
"""What an author is told of a decision."""

ERASED = "Nothing personal is left of this comment."

UNSCREENED = "Nobody has checked it: {check} could not judge it."

LANGUAGE_NOT_SERVED = (
    "It seems to be written in {language}, which the models of tone do not know: "
    "only signs that hold in any language were judged."
)

ENCODER_FAILED = (
    "The second model, which reads doubtful comments, could not be asked: "
    "the first one's score decided."
)

REMOTE_SKIPPED = "The outside service that is asked here did not answer: it was judged without it."

ATTRIBUTES = {
    Attribute.SPAM: "It looks like spam ({percent} %).",
    Attribute.TOXICITY: "Its tone is hurtful ({percent} %).",
    Attribute.SEVERE_TOXICITY: "It is very hateful or violent ({percent} %).",
    Attribute.INSULT: "It insults somebody ({percent} %).",
    Attribute.THREAT: "It threatens somebody ({percent} %).",
    Attribute.IDENTITY_ATTACK: "It attacks people for who they are ({percent} %).",
    Attribute.PROFANITY: "It uses rude words ({percent} %).",
    Attribute.SEXUALLY_EXPLICIT: "It is sexually explicit ({percent} %).",
}

EVIDENCE = {
    "custom.word": "It contains “{entry}”, which is on this site's list.",
    "custom.pattern": "It matches “{entry}”, which is on this site's list.",
    "toxicity.word": "It contains “{word}”.",
    "links.count": "It has links: {count}.",
    "links.many_domains": "It links to {count} different sites.",
    "links.only": "It is nothing but a link.",
    "links.hidden": "It hides where a link leads.",
    "links.bare_ip": "It links to a bare IP address: {host}.",
    "links.lookalike": "It links to an address that imitates another: {host}.",
    "links.disguised": "It disguises where a link leads: {host}.",
    "links.trade_domain": "It links to {domain}, an address made for advertising (“{word}”).",
    "links.cheap_domain": "It links to {domain}; spam often uses {suffix} addresses.",
    "links.markup": "It has links written as {kind} code.",
    "links.invisible": "It holds text that readers cannot see.",
    "links.trackback": "It is cut out of the page it links to, as robots do.",
    "shortener": "A shortened link hides its target: {host}.",
    "author.link": "The author's name holds a link: {host}.",
    "author.url": "The author's address is suspicious: {host}.",
    "author.phone": "The author's name holds a phone number.",
    "author.shop": "The author is named for a trade, and links to {host}.",
    "author.trade": "The author's name advertises: “{phrase}”.",
    "contact.phone": "It asks to be phoned.",
    "contact.email": "It asks for e-mail.",
    "contact.messenger": "It asks to go on by messenger.",
    "contact.masked_email": "It hides an e-mail address.",
    "contact.spelled_phone": "It spells out a phone number.",
    "email.disposable": "The e-mail address is a throwaway one ({domain}).",
    "duplicate.same": "The same text was posted here before ({times} times).",
    "duplicate.near": "Nearly the same text was posted here before ({times} times).",
    "duplicate.campaign": "It is part of a campaign: {times} other comments say nearly the same.",
    "flood.ip": "Many comments come from this address ({percent} % of what is allowed).",
    "flood.email": "Many comments come from this author ({percent} % of what is allowed).",
    "honeypot": "A field that people cannot see was filled in.",
    "form.forged": "The form's time stamp is forged.",
    "form.absent": "The form's time stamp is missing.",
    "form.too_fast": "It was sent {seconds} seconds after the form appeared.",
    "shouting": "It is written in capitals ({percent} %).",
    "repetition": "It repeats itself.",
    "gibberish": "It looks like random typing.",
    "gibberish.author": "The author's name looks like random typing.",
    "spintax": "It is a template that nobody filled in ({count} choices left open).",
    "phrase": "It contains “{phrase}” ({kind}).",
    "script.unusual": "It is written in a script unusual here ({script}).",
    "script.mixed": "It mixes scripts inside words ({count} times).",
    "language.mismatch": "It has a link and is written in {language}; the site is in {expected}.",
    "script.invisible": "It hides invisible characters inside words ({count}).",
    "site.spam": "It resembles comments that the moderators marked as spam ({count}).",
    "site.refused": "It resembles comments that the moderators refused ({count}).",
    "site.approved": "It resembles comments that the moderators approved ({count}).",
    "shared.spam": (
        "It resembles comments that moderators, here or elsewhere, marked as spam ({count})."
    ),
    "shared.refused": (
        "It resembles comments that moderators, here or elsewhere, refused ({count})."
    ),
    "shared.approved": (
        "It resembles comments that moderators, here or elsewhere, approved ({count})."
    ),
}


KINDS = {
    "adult": "adult content",
    "ai": "AI tools",
    "casino": "gambling",
    "charity": "false charity",
    "contact": "a call to get in touch",
    "crypto": "cryptocurrency",
    "documents": "forged documents",
    "essay": "essays for sale",
    "fake-support": "false support line",
    "follow-me": "a call to follow",
    "get-rich": "easy money",
    "hacker": "hackers for hire",
    "health": "miracle cure",
    "illuminati": "secret society",
    "inheritance": "false inheritance",
    "job": "doubtful job",
    "loans": "loans",
    "marabout": "fortune teller",
    "mlm": "pyramid selling",
    "pharma": "medicines for sale",
    "praise": "empty praise",
    "prize": "false prize",
    "replica": "counterfeits",
    "seo": "search engine promotion",
    "streaming": "pirate streaming",
    "testimony": "made-up testimony",
    "trackback": "automatic trackback",
    "trade": "advertising",
}

SCRIPTS = {
    "arabic": "Arabic",
    "armenian": "Armenian",
    "cyrillic": "Cyrillic",
    "devanagari": "Devanagari",
    "georgian": "Georgian",
    "greek": "Greek",
    "han": "Chinese characters",
    "hangul": "Korean",
    "hebrew": "Hebrew",
    "kana": "Japanese",
    "thai": "Thai",
}

LABELS = {"kind": KINDS, "script": SCRIPTS}
"""What the values of some parameters are called; a value not named here is shown as it is."""

LANGUAGE_CODES = frozenset({"language", "expected"})
"""The parameters that hold the code of a language."""


def status_sentence(status: Status, language: str) -> str:
    """Return what a status means to the comment's author."""
    return translate(STATUSES[status], language)


def reasons(verdict: Verdict, language: str) -> list[str]:
    """Return why a verdict is what it is, the weightiest first, at most eight sentences."""
    sentences = [Message(UNSCREENED, check=check) for check in verdict.unscreened]
    if verdict.rule in RULES:
        sentences.append(Message(RULES[verdict.rule]))
    if not verdict.is_lang_served:
        sentences.append(Message(LANGUAGE_NOT_SERVED, language=LanguageName(verdict.lang)))
    if Stage.ENCODER_FAILED in verdict.stages:
        sentences.append(Message(ENCODER_FAILED))
    if Stage.REMOTE_SKIPPED in verdict.stages:
        sentences.append(Message(REMOTE_SKIPPED))
    if verdict.action is not Action.APPROVE:
        sentences += _findings(verdict)
    translated = (translate(sentence, language) for sentence in sentences)
    return list(dict.fromkeys(translated))[:MOST_REASONS]


def reports_in_words(counts: Mapping[ReportReason, int], language: str) -> list[str]:
    """Return how many readers reported a comment for what."""
    said = (Message(REPORTS[reason], count=count) for reason, count in counts.items())
    return [translate(sentence, language) for sentence in said]


def reasons_as_held(verdict: Verdict, language: str) -> list[str]:
    """Return what a held comment's author would be told of a comment refused in the shadow."""
    said = [Message(RULES["premoderation.all"]), *_findings(verdict)]
    translated = (translate(sentence, language) for sentence in said)
    return list(dict.fromkeys(translated))[:MOST_REASONS]


def rule_sentence(verdict: Verdict, language: str) -> str:
    """Return which rule fired, in one sentence."""
    return translate(_rule_message(verdict), language)


def _rule_message(verdict: Verdict) -> Message:
    if verdict.unscreened:
        return Message(UNSCREENED, check=", ".join(verdict.unscreened))
    return next(iter(_attribute_sentences(verdict)), None) or Message(
        RULES.get(verdict.rule, RULES["clean"])
    )


def _findings(verdict: Verdict) -> list[Message]:
    weighty = sorted(verdict.weighing, key=_weight, reverse=True)
    return _attribute_sentences(verdict) + [
        sentence
        for signal in weighty
        for item in signal.evidence
        if (sentence := _evidence_sentence(item)) is not None
    ]


def _attribute_sentences(verdict: Verdict) -> list[Message]:
    if verdict.attribute is None:
        return []
    percent = round(100 * verdict.scores.get(verdict.attribute, 0.0))
    return [Message(ATTRIBUTES[verdict.attribute], percent=percent)]


def _evidence_sentence(item: Evidence) -> Message | None:
    template = EVIDENCE.get(item.code)
    if template is None:
        return None
    params = {name: _labelled(name, value) for name, value in item.params.items()}
    return Message(template, **params)


def _labelled(name: str, value: str | int | float) -> str | int | float:
    if name in LANGUAGE_CODES:
        return LanguageName(str(value))
    label = LABELS.get(name, {}).get(str(value))
    return value if label is None else Message(label)


def _weight(signal: Signal) -> tuple[bool, float]:
    """Return what sorts signals: the site's own lists first, for they decide."""
    return signal.check == CHECK, signal.score * signal.weight
