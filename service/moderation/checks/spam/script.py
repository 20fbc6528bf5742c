"""Script: letters a site's readers do not write in, or that pose as others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from service.moderation.batch import Batch
from service.moderation.comment import Case
from service.moderation.signal import Attribute, Evidence, Signal, Span

_UNUSUAL_WEIGHT = 0.35
_MIN_LETTERS = 20
_MIN_SHARE = 0.5
# The first few thousand letters tell which script a comment is written in.
_MAX_CHARS = 4_000
_MANY_MIXED = 3
_BEYOND_LATIN = re.compile(r"[\u0370-\u1fff\u2c00-\u2dff\u2e80-\ua6ff\ua800-\uabff\uf900-\ufdff]")
_LATIN = "A-Za-zÀ-ÖØ-öø-ɏ"
# Zero-width characters belong to Persian and Indic words and to emoji, never to Latin words.
_INVISIBLE = re.compile(
    rf"[\u200b-\u200d\u2060-\u2064\ufeff](?<=[{_LATIN}].)[\u200b-\u200d\u2060-\u2064\ufeff]*"
    rf"(?=[{_LATIN}])"
)
# Cyrillic, and the Greek letters that look Latin: "μTorrent" and "Δt" are honest.
_LOOKALIKES = (
    r"\u0400-\u052f\u0391\u0392\u0395-\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
    r"\u03b1\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7"
)
_MIXED_WORD = re.compile(
    rf"(?<!\w)(?=\w{{0,40}}[{_LATIN}])(?=\w{{0,40}}[{_LOOKALIKES}])[^\W\d_]{{4,40}}(?!\w)"
)
_SCRIPTS = {
    "arabic": "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff",
    "armenian": "\u0530-\u058f",
    "cyrillic": "\u0400-\u052f",
    "devanagari": "\u0900-\u097f",
    "georgian": "\u10a0-\u10ff",
    "greek": "\u0370-\u03ff",
    "han": "\u3400-\u9fff",
    "hangul": "\u1100-\u11ff\uac00-\ud7ff",
    "hebrew": "\u0590-\u05ff",
    "kana": "\u3040-\u30ff",
    "thai": "\u0e00-\u0e7f",
}
_LETTERS = {name: re.compile(f"[{letters}]") for name, letters in _SCRIPTS.items()}
_USUAL = {
    **dict.fromkeys(("ar", "fa", "ur", "ps", "ckb", "ug"), frozenset({"arabic"})),
    **dict.fromkeys(
        ("ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn"), frozenset({"cyrillic"})
    ),
    **dict.fromkeys(("hi", "mr", "ne"), frozenset({"devanagari"})),
    **dict.fromkeys(("he", "yi"), frozenset({"hebrew"})),
    "el": frozenset({"greek"}),
    "hy": frozenset({"armenian"}),
    "ja": frozenset({"han", "kana"}),
    "ka": frozenset({"georgian"}),
    "ko": frozenset({"hangul", "han"}),
    "th": frozenset({"thai"}),
    "zh": frozenset({"han"}),
}


class Script:
    """Note foreign scripts (weakly), and words that mix scripts or hide characters."""

    name = "spam.script"

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        return [self._look(case) for case in batch.cases]

    def _look(self, case: Case) -> Sequence[Signal]:
        if case.comment.content.isascii():
            return ()
        return list(self._signals(case))

    def _signals(self, case: Case) -> Iterator[Signal]:
        content = case.comment.content
        if _BEYOND_LATIN.search(content) is not None:
            yield from self._unusual(content, case.facts.site_lang or case.comment.lang)
            yield from self._mixed(content)
        yield from self._invisible(content)

    def _unusual(self, content: str, lang: str) -> Iterator[Signal]:
        content = content[:_MAX_CHARS]
        letters = sum(map(str.isalpha, content))
        if letters < _MIN_LETTERS or not lang:
            return
        script, count = _foremost(content)
        if script in _USUAL.get(lang[:2].lower(), ()) or count < _MIN_SHARE * letters:
            return
        evidence = Evidence("script.unusual", {"script": script})
        # Of Thai and Devanagari the signs for vowels are counted too, which are no letters.
        score = min(count / letters, 1.0)
        yield Signal(self.name, Attribute.SPAM, score, _UNUSUAL_WEIGHT, (evidence,))

    def _mixed(self, content: str) -> Iterator[Signal]:
        spans = [Span(*match.span()) for match in _MIXED_WORD.finditer(content, 0, _MAX_CHARS)]
        if spans:
            score = 0.52 if len(spans) >= _MANY_MIXED else 0.4
            evidence = Evidence("script.mixed", {"count": len(spans)}, tuple(spans[:20]))
            yield Signal(self.name, Attribute.SPAM, score, evidence=(evidence,))

    def _invisible(self, content: str) -> Iterator[Signal]:
        count = len(_INVISIBLE.findall(content))
        if count:
            evidence = Evidence("script.invisible", {"count": count})
            yield Signal(self.name, Attribute.SPAM, 0.3, evidence=(evidence,))


def _foremost(content: str) -> tuple[str, int]:
    """Return the script with most letters beyond Latin, and how many."""
    counts = {name: len(letters.findall(content)) for name, letters in _LETTERS.items()}
    return max(counts.items(), key=lambda item: item[1])
