"""Texts made to cost much: each is one small thing over and over, one that some check dwells on."""

from __future__ import annotations

from collections.abc import Mapping

LONGEST = 20_000
"""Characters: a third more than the API takes, so that every bound within is met."""

PIECES: Mapping[str, str] = {
    "accents apart": "e\u0301\u0302\u0303\u0304",
    "addresses": "http://a.co/ ",
    "bare hosts": "spam.com ",
    "braces": "{a|b}",
    "brackets": "[(<{",
    "capitals": "CONNARD VA ",
    "Chinese": "漢字仮名交じり文",
    "choices of masks": "c*nn*rd ",
    "circled letters": "ⓒⓞⓝ ",
    "digits for letters": "c0nn4rd ",
    "dots in brackets": "a [at] b (dot) c ",
    "e-mail addresses": "a@b.com ",
    "emoji": "😀👍🏽",
    "full-width letters": "ｃｏｎｎａｒｄ ",
    "keys in a row": "qxzjk sdfghj ",
    "letters apart": "c o n n a r d ",
    "letters between dots": "a.b.c.",
    "letters struck through": "c\u0336o\u0336n\u0336 ",
    "ligatures": "ﬃ ",
    "look-alikes": "cоnnаrd ",
    "marks of speech": "!?!",
    "one letter": "a",
    "parenthesised letters": "⒜",
    "parenthesised numbers": "⑽",
    "phone numbers": "06 12 34 56 78 ",
    "phrases of spam": "prêt entre particuliers, retour affectif, best online casino bonus ",
    "rude words": "connard con ",
    "Russian": "привет как дела ",
    "short sentences": "Oui. ",
    "signs after letters": "a$ ",
    "signs for words": "㌀",
    "styles": 'style="',
    "tags": "<a href=",
    "Thai": "ภาษาไทยง่าย",
}


def hostile_texts(length: int = LONGEST) -> dict[str, str]:
    """Return each kind's text of ``length`` characters."""
    return {kind: (piece * (length // len(piece) + 1))[:length] for kind, piece in PIECES.items()}
