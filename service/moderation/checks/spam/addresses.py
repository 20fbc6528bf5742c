"""Addresses in a text: the links, e-mail addresses and phone numbers somebody wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice

from tldextract import TLDExtract

from service.moderation.shapes import stretches_with

_LINK = re.compile(
    r"(?P<scheme>(?<!\w)(?:https?|hxxps?|ftp)://)[^\s<>\"'\[\]]{1,2000}"
    r"|(?<![\w@./\\-])(?:[^\W_][\w-]{0,62}\.){1,6}[^\W\d_]{2,24}(?![\w@-]|\.\w)"
    r"(?::\d{1,5})?(?P<path>[/?#][^\s<>\"'\[\]]{0,2000})?",
    re.IGNORECASE,
)
# What a link without a scheme has, and almost no other text: cheap to look for first.
_INNER_DOT = re.compile(r"\.[^\W\d_]{2}")
_MAY_LINK = re.compile(r"\.[^\W\d_]{2}|://")
# More links than anybody reads: what stands beyond them is not looked at.
_MAX_LINKS = 100
_CLOSING = ".,;:!?)…»”’*_"
_IP = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|\d{8,10}|0x[0-9a-f]{8}")
_AT = re.compile("@")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,4}[^\W\d_]{2,24}(?!\w)")
# Its first character is looked for first, so that a text without digits costs nothing.
_PHONE = re.compile(
    r"[+(\d](?<![\w.,/-].)(?:(?<![+(])|(?<=[+(])\d)(?:[ .()\u00a0\u202f-]{0,3}\d){7,14}"
    r"(?![\w/]|[.,]\d)"
)
_NO_DIGITS = bytes(code for code in range(256) if not 48 <= code < 58)
_MIN_DIGITS = 8
_PHONE_START = ("+", "(", "00", "0")
# An amount ("1 200 000"), a date ("2024-01-02 10:30"), an IP address, a bare number.
_NOT_A_PHONE = re.compile(
    r"\d{1,3}(?:[ .\u00a0\u202f]\d{3})+|(?:19|20)\d\d[-. ].*|\d{1,3}(?:\.\d{1,3}){3}|\d+"
)
# A missing space after a full stop ("fini.la suite") and a file name ("setup.py") look
# like a host under one of these top-level domains.
_WORDS_AND_FILES_LIST = """
    al am an as at au be by ca de do dont en es est et et il in is it la le li lo ma me mon my ne no
    nu on pas pm ps re sa se si so son sur ta te to tu us va vu you one how now here see new app cc
    cs gd js md mk ml mov pl ps py rs sh so st tar ts vb vi zip
"""
_WORDS_AND_FILES = frozenset(_WORDS_AND_FILES_LIST.split())
_IS_FULLWIDTH = re.compile(r"[\uff01-\uff5e\u3002\uff61]")
_FULLWIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3002: ".", 0xFF61: "."}


@dataclass(frozen=True, slots=True)
class Link:
    """Point at ``text[start:end]``, which leads to ``host``.

    ``domain`` is what somebody registered (``example.co.uk``), or the host itself when
    it is no domain name; ``path`` is all that follows the host. ``is_full`` says that
    the link was written with its scheme, ``names_user`` that something stands before
    an ``@`` ahead of the host.
    """

    host: str
    domain: str
    path: str
    start: int
    end: int
    is_full: bool = False
    names_user: bool = False

    @property
    def is_ip(self) -> bool:
        """Return whether the host is a bare IP address."""
        return self.host.startswith("[") or _IP.fullmatch(self.host) is not None

    @property
    def suffix(self) -> str:
        """Return the last label of the host."""
        return self.host.rpartition(".")[2]


def find_links(text: str) -> list[Link]:
    """Return the links in ``text``, in order, those without a scheme included."""
    if _IS_FULLWIDTH.search(text) is not None:
        text = text.translate(_FULLWIDTH)
    if "://" not in text and _INNER_DOT.search(text) is None:
        return []
    return list(islice(_links(text), _MAX_LINKS))


def find_emails(text: str) -> list[tuple[int, int]]:
    """Return where e-mail addresses stand in ``text``."""
    if "@" not in text:
        return []
    return [
        match.span()
        for start, end in stretches_with(_AT, text)
        for match in _EMAIL.finditer(text, start, end)
    ]


def find_phones(text: str) -> list[tuple[int, int]]:
    """Return where phone numbers stand in ``text``: 8 to 15 digits, grouped as such."""
    if len(text.encode("ascii", "ignore").translate(None, _NO_DIGITS)) < _MIN_DIGITS:
        return []
    return [match.span() for match in _PHONE.finditer(text) if _is_phone(match[0])]


def is_own(link: Link, site_hosts: frozenset[str]) -> bool:
    """Return whether ``link`` leads to one of the site's hosts or below it."""
    host = link.host
    while host:
        if host in site_hosts:
            return True
        host = host.partition(".")[2]
    return False


@cache
def suffixes() -> TLDExtract:
    """Return the Public Suffix List that the package ships, read once and never fetched."""
    extract = TLDExtract(suffix_list_urls=(), cache_dir=None)
    extract.extract_str("example.org")
    return extract


def _links(text: str) -> Iterator[Link]:
    for start, end in stretches_with(_MAY_LINK, text):
        for match in _LINK.finditer(text, start, end):
            link = _full(match) if match["scheme"] else _bare(match)
            if link is not None:
                yield link


def _full(match: re.Match[str]) -> Link | None:
    whole = match[0].rstrip(_CLOSING)
    rest = whole[len(match["scheme"]) :]
    netloc = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    user, at, host_port = netloc.rpartition("@")
    host = host_port.partition(":")[0].lower().rstrip(".")
    if not host:
        return None
    end = match.start() + len(whole)
    domain = suffixes().extract_str(host).top_domain_under_public_suffix or host
    return Link(host, domain, rest[len(netloc) :], match.start(), end, True, bool(user and at))


def _bare(match: re.Match[str]) -> Link | None:
    whole = match[0].rstrip(_CLOSING)
    path = (match["path"] or "").rstrip(_CLOSING)
    host = whole[: len(whole) - len(path)].partition(":")[0]
    if not path and _is_prose(host):
        return None
    host = host.lower()
    domain = suffixes().extract_str(host).top_domain_under_public_suffix
    if not domain and not host.startswith("www."):
        return None
    return Link(host, domain or host, path, match.start(), match.start() + len(whole))


def _is_prose(host: str) -> bool:
    """Return whether ``host`` is more likely two words with no space, or a file's name."""
    name, _, suffix = host.rpartition(".")
    if name[:4].lower() == "www.":
        return False
    return (suffix.lower() in _WORDS_AND_FILES and "-" not in name) or suffix.istitle()


def _is_phone(number: str) -> bool:
    """Return whether the digits are grouped as in a phone number, not an amount or a date."""
    if number.startswith(_PHONE_START):
        return True
    return _NOT_A_PHONE.fullmatch(number) is None
