"""Contacts: phone numbers, e-mail addresses and messengers offered in a comment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from service.moderation.batch import Batch
from service.moderation.checks.spam.addresses import find_emails, find_phones
from service.moderation.signal import Attribute, Evidence, Signal, Span
from service.moderation.text import Text

# A neighbour quotes the town hall's number or the association's address...
_PHONE_SCORE = 0.22
_EMAIL_SCORE = 0.12
# ...from a provider where anybody opens a mailbox less often...
_FREE_EMAIL_SCORE = 0.35
# ...and never in words, or behind a messenger.
_MASKED_EMAIL_SCORE = 0.3
_SPELLED_SCORE = 0.45
_MESSENGER_SCORE = 0.4
_FREE_PROVIDERS_LIST = """
    aol com.com fastmail free gmail gmx googlemail hotmail icloud inbox laposte live mail outlook
    post proton protonmail tuta tutanota yahoo yandex ymail zoho
"""
_FREE_PROVIDERS = frozenset(_FREE_PROVIDERS_LIST.split())
# Both begin with what is rare, and look back from there.
_MASKED_EMAIL = re.compile(
    r"[\[({](?:(?<=\w.)|(?<=\w .)|(?<=\w  .)) {0,2}(?:at|arr?obase|chez|@) {0,2}[\])}] {0,2}\w"
    r"|a(?<=\w a)rr?obase \w"
)
# "grant dot loans at example dot com": the last word is a top-level domain.
_SPOKEN_EMAIL = re.compile(
    r" (?<=\w )(?:at|chez|arr?obase) [\w-]{2,40} ?(?:[(\[] ?)?(?:dot|point|punkt)(?: ?[)\]])? ?"
    r"(?:com|net|org|info|biz|fr|be|ch|ca|uk|de|eu|io|test|example)(?!\w)"
)
_SPOKEN_DOTS = ("dot", "point", "punkt")
_MESSENGERS = (
    "whatsapp",
    "whats app",
    "telegram",
    "wa.me/",
    "t.me/",
    "viber",
    "wechat",
    "snapchat",
)
_MASKS = ("(", "[", "{", "arobase", "arrobase")
_HANDLE = re.compile(
    r"@(?<![\w.]@) ?\w{4,40}|wa\.me/[\w+]{3}|t\.me/[\w+]{3}"
    r"|telegram ?:? ?[a-z]{2,20}[_\d]\w|snap ?:? ?[a-z]{2,20}[_\d]\w"
)
_NUMBER_WORD = (
    "zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple|plus"
    "|un|deux|trois|quatre|cinq|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize"
    "|vingts?|trente|quarante|cinquante|soixante|septante|octante|huitante|nonante|et|\\d{1,4}"
)
_SPELLED = re.compile(rf"(?<!\w)(?:(?:{_NUMBER_WORD})(?:[ .-]{{1,4}}|(?!\w))){{6,24}}")


class Contacts:
    """Weigh ways to reach somebody elsewhere, above all those dressed to pass a filter."""

    name = "spam.contacts"

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        return [list(self._look(text)) for text in batch.texts]

    def _look(self, text: Text) -> Iterator[Signal]:
        phones, emails = find_phones(text.original), find_emails(text.original)
        if phones:
            yield self._signal(_PHONE_SCORE, "contact.phone", phones)
        if emails:
            yield self._signal(_email_score(text.original, emails), "contact.email", emails)
        yield from self._masked(text.plain)
        if _has(text.plain, _MESSENGERS) and (phones or _HANDLE.search(text.plain)):
            yield self._signal(_MESSENGER_SCORE, "contact.messenger", ())

    def _masked(self, plain: str) -> Iterator[Signal]:
        if _has(plain, _MASKS) and _MASKED_EMAIL.search(plain) is not None:
            yield self._signal(_MASKED_EMAIL_SCORE, "contact.masked_email", ())
        if _has(plain, _SPOKEN_DOTS) and _SPOKEN_EMAIL.search(plain) is not None:
            yield self._signal(_SPELLED_SCORE, "contact.masked_email", ())
        if "zero" in plain and _SPELLED.search(plain) is not None:
            yield self._signal(_SPELLED_SCORE, "contact.spelled_phone", ())

    def _signal(self, score: float, code: str, places: Sequence[tuple[int, int]]) -> Signal:
        spans = tuple(Span(start, end) for start, end in places[:20])
        return Signal(self.name, Attribute.SPAM, score, evidence=(Evidence(code, {}, spans),))


def _has(text: str, pieces: Sequence[str]) -> bool:
    return any(piece in text for piece in pieces)


def _email_score(text: str, places: Sequence[tuple[int, int]]) -> float:
    providers = (text[start:end].rpartition("@")[2].partition(".")[0] for start, end in places)
    if _FREE_PROVIDERS.isdisjoint(map(str.lower, providers)):
        return _EMAIL_SCORE
    return _FREE_EMAIL_SCORE
