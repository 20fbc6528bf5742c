"""Language codes: which of them some language has."""

from __future__ import annotations

from functools import cache

from babel import Locale

from service.moderation.language import CODES
from service.schemas.messages import DEFAULT_LANGUAGE


@cache
def language_codes() -> frozenset[str]:
    """Return the codes that a comment's language may have: ISO 639-1, or 639-3 without one.

    Those that the words can tell, and all that Unicode has a name for (CLDR): a caller may name
    any language.
    """
    named = Locale(DEFAULT_LANGUAGE).languages
    return frozenset(CODES) | {code for code in map(str, named) if "_" not in code}
