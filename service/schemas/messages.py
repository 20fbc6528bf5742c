"""Sentences for people, in their language: English in the code, others in ``translations/``.

A language has a catalogue for each part of the service that says something.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from importlib import resources

from babel import Locale
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

LANGUAGES = ("fr", "en")
DEFAULT_LANGUAGE = "en"
ACCEPT_LIMIT = 500


class Message(str):
    """Hold a sentence with parameters: its English text, and what it was made of.

    A parameter that is itself a ``Message`` is translated with it; plain text, which may
    be a visitor's own, never is.
    """

    __slots__ = ("params", "template")
    template: str
    params: dict[str, object]

    def __new__(cls, template: str, **params: object) -> Message:
        """Return the sentence; ``{name}`` in the template takes the parameter's value."""
        made = super().__new__(cls, template.format(**params))
        made.template = template
        made.params = params
        return made


class LanguageName(str):
    """Hold what a language is called: its name in English, from its ISO 639 code."""

    __slots__ = ("code",)
    code: str

    def __new__(cls, code: str) -> LanguageName:
        """Return the name of the language ``code``, or the code where it has none."""
        made = super().__new__(cls, language_name(code, DEFAULT_LANGUAGE))
        made.code = code
        return made


def language_name(code: str, language: str) -> str:
    """Return what the language ``code`` is called in ``language``."""
    known = language if language in LANGUAGES else DEFAULT_LANGUAGE
    return str(Locale(known).languages.get(code, code))


def translate(message: str, language: str) -> str:
    """Return a message in ``language``, or in English where no translation is known."""
    catalogue = _catalogue(language)
    if isinstance(message, Message):
        params = {name: _localised(value, language) for name, value in message.params.items()}
        return catalogue.get(message.template, message.template).format(**params)
    return catalogue.get(message, message)


def translator(language: str) -> Callable[..., str]:
    """Return the `_` of templates: it takes a sentence and its parameters."""

    def translated(template: str, **params: object) -> str:
        return translate(Message(template, **params), language)

    return translated


def best_language(wanted: str, accepted: str, fallback: str) -> str:
    """Return the language to answer in.

    The caller's explicit wish, then ``accepted``, the value of an Accept-Language header
    (RFC 9110, section 12.5.4), then the site's language.
    """
    if wanted[:2].lower() in LANGUAGES:
        return wanted[:2].lower()
    best = _best_accepted(accepted[:ACCEPT_LIMIT]) if accepted else ""
    if best:
        return best
    return fallback if fallback in LANGUAGES else DEFAULT_LANGUAGE


@lru_cache(maxsize=512)
def _best_accepted(header: str) -> str:
    accepted = parse_accept_header(header, LanguageAccept)
    named = LanguageAccept([(tag, quality) for tag, quality in accepted if tag != "*"])
    return named.best_match(LANGUAGES) or ""


def _localised(value: object, language: str) -> object:
    if isinstance(value, Message):
        return translate(value, language)
    if isinstance(value, LanguageName):
        return language_name(value.code, language)
    if isinstance(value, float):
        return format_decimal(value, locale=language)
    return value


@cache
def _catalogue(language: str) -> dict[str, str]:
    if language == DEFAULT_LANGUAGE or language not in LANGUAGES:
        return {}
    folder = resources.files("service.schemas").joinpath(f"translations/{language}")
    found: dict[str, str] = {}
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        with path.open("rb") as file:
            entries = read_po(file, locale=language)
        found |= {_text(each.id): _text(each.string) for each in entries if each.id and each.string}
    return found


def _text(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else value[0]
