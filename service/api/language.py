"""The language a request is answered in."""

from __future__ import annotations

from flask import g, request

from service.schemas.messages import DEFAULT_LANGUAGE, best_language


def language() -> str:
    """Return ``fr`` or ``en``: the wish in the request, then Accept-Language, then the site's."""
    wanted = g.get("wanted_language", "") or request.args.get("lang", "")
    fallback = g.get("site_language", DEFAULT_LANGUAGE)
    return best_language(wanted, request.headers.get("Accept-Language", ""), fallback)


def wish_for(wanted: object) -> None:
    """Remember the language named in the request's body."""
    if isinstance(wanted, str):
        g.wanted_language = wanted
