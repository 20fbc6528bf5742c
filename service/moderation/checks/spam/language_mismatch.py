"""Language mismatch: a comment with a link, in a language that its site is not written in."""

from __future__ import annotations

from collections.abc import Sequence

from service.moderation.batch import Batch
from service.moderation.checks.spam.links import batch_links
from service.moderation.comment import Case
from service.moderation.language import Language, base_code
from service.moderation.signal import Attribute, Evidence, Signal

# Readers abroad give links too: with the one link that it needs, half of what holds a comment.
_SCORE = 0.2


class LanguageMismatch:
    """Hint at spam that was written for no site in particular.

    Only where the words alone decide the language, and the site's is known. A caller
    that names a comment's language vouches for it.
    """

    name = "spam.language_mismatch"

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        rows = zip(batch.cases, batch.languages, batch.once(batch_links), strict=True)
        return [
            (_signal(case, language),) if links and _is_foreign(case, language) else ()
            for case, language, links in rows
        ]


def _is_foreign(case: Case, language: Language) -> bool:
    expected = base_code(case.facts.site_lang)
    vouched = base_code(case.comment.lang)
    return bool(expected) and language.is_sure and language.code not in {expected, vouched}


def _signal(case: Case, language: Language) -> Signal:
    params = {"language": language.code, "expected": base_code(case.facts.site_lang)}
    evidence = Evidence("language.mismatch", params)
    return Signal(LanguageMismatch.name, Attribute.SPAM, _SCORE, evidence=(evidence,))
