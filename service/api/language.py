"""The language a request is answered in."""

from __future__ import annotations

from collections.abc import Mapping

from service.api.media import asked
from service.schemas.messages import DEFAULT_LANGUAGE, best_language, translate


def language() -> str:
    """Return ``fr`` or ``en``: the wish in the request, then Accept-Language, then the site's."""
    current = asked()
    wanted = current.wanted_language or current.query.get("lang", "")
    accepted = current.environ.get("HTTP_ACCEPT_LANGUAGE", "")
    return best_language(wanted, accepted, current.site_language or DEFAULT_LANGUAGE)


def wish_for(wanted: object) -> None:
    """Remember the language named in the request's body."""
    if isinstance(wanted, str):
        asked().wanted_language = wanted


def translated(errors: Mapping[str, str]) -> dict[str, str]:
    """Return the messages of fields in the language of the answer."""
    tongue = language()
    return {name: translate(text, tongue) for name, text in errors.items()}
