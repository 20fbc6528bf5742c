"""Shorteners: links that hide where they lead."""

from __future__ import annotations

import re
from collections.abc import Sequence

from service.moderation.batch import Batch
from service.moderation.comment import Case
from service.moderation.shapes import stretches_with
from service.moderation.signal import Attribute, Evidence, Signal, Span

_SCORE = 0.35
# youtu.be, t.co, wp.me and the like belong to one big site each: not here.
_SHORTENERS_LIST = """
    2u.pw 3.ly acortar.link adf.ly adfoc.us alturl.com bc.vc bit.do bit.ly bitly.com bitly.ws bl.ink
    buff.ly chilp.it clck.ru cli.re cut.ly cutt.ly cutt.us dlvr.it dub.sh exe.io gg.gg goo.gl goo.su
    hyperurl.co is.gd iplogger.org j.mp kutt.it linktr.ee lnk.bio lnkd.in loom.ly lstu.fr mcaf.ee
    migre.me n9.cl ouo.io ow.ly q.gs qr.ae qr.net qrco.de rb.gy rebrand.ly s.id shor.by short.cm
    short.gy short.io shorte.st shorturl.asia shorturl.at shorturl.gg shrinkme.io shrtco.de
    smarturl.it snip.ly snipurl.com soo.gd su.pr surl.li t.ly t2m.io tiny.cc tiny.ie tiny.one
    tiny.pl tinyurl.com tr.im tr.ee trib.al u.nu u.to urlz.fr url.ie urlr.me v.gd v.ht vk.cc vo.la
    vu.fr x.gd yourls.org zpr.io zws.im
"""
_SHORTENERS = frozenset(_SHORTENERS_LIST.split())
_PATH = re.compile(r"/\w")
_HOST_AND_PATH = re.compile(r"(?<![\w.@-])((?:[a-z0-9-]{1,30}\.){1,3}[a-z]{2,6})/\w", re.IGNORECASE)


class Shorteners:
    """Find links through a well-known shortener."""

    name = "spam.shorteners"

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        return [self._look(case) for case in batch.cases]

    def _look(self, case: Case) -> Sequence[Signal]:
        if "/" not in case.comment.content:
            return ()
        found = shortened(case.comment.content)
        if not found:
            return ()
        host = found[0][1]
        spans = tuple(span for span, _ in found)
        evidence = Evidence("shortener", {"host": host}, spans)
        return (Signal(self.name, Attribute.SPAM, _SCORE, evidence=(evidence,)),)


def shortened(text: str) -> list[tuple[Span, str]]:
    """Return where shorteners stand in ``text``, and which."""
    matches = (
        (match, _host(match))
        for start, end in stretches_with(_PATH, text)
        for match in _HOST_AND_PATH.finditer(text, start, end)
    )
    return [(Span(*match.span(1)), host) for match, host in matches if host in _SHORTENERS]


def _host(match: re.Match[str]) -> str:
    return match[1].lower().removeprefix("www.")
