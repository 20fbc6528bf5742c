"""XML in pieces: chosen elements one by one, in memory that has a bound.

A document type is refused at its first word, so there are no entities but XML's own five:
none from outside, none that grow (which is what defusedxml does, over the same expat).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from service.exchange.foreign import FileUnreadable

MOST_DEPTH = 64
MOST_INSIDE = 20_000
"""Elements inside one that is kept whole."""
LONGEST_TEXT = 1 << 20
LONGEST_TOKEN = 1 << 22
"""Bytes of one tag, attribute or comment."""
# XML 1.0 has no place for these; WordPress writes them all the same.
_CONTROLS = bytes(set(range(0x20)) - {0x09, 0x0A, 0x0D})
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00")


@dataclass(slots=True)
class Node:
    """Hold one element: its name with its prefix, its depth from 1, its own text."""

    name: str
    depth: int
    attributes: dict[str, str]
    inside: list[Node] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    size: int = 0

    @property
    def text(self) -> str:
        """Return the element's own text, without its outer white space."""
        return "".join(self.parts).strip()

    def first(self, name: str) -> Node | None:
        """Return the first element of a name right inside."""
        return next((node for node in self.inside if node.name == name), None)

    def told(self) -> dict[str, str]:
        """Return the texts of the elements right inside, by name; the first of each."""
        found: dict[str, str] = {}
        for node in self.inside:
            found.setdefault(node.name, node.text)
        return found


class _Builder:
    """Build the elements wanted: ``whole`` with all that is inside, ``bare`` without."""

    def __init__(self, whole: frozenset[str], bare: frozenset[str]) -> None:
        self.ready: list[Node] = []
        self._whole, self._bare = whole, bare
        self._open: list[Node | None] = []
        self._kept = 0
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take an opening tag."""
        if len(self._open) >= MOST_DEPTH:
            raise FileUnreadable("its elements are nested too deep")
        node = None
        if self._kept or name in self._whole:
            node = Node(name, len(self._open) + 1, attributes)
            self._kept += 1
            self._count += 1
            if self._count > MOST_INSIDE:
                raise FileUnreadable("one comment has too many parts")
        elif name in self._bare:
            node = Node(name, len(self._open) + 1, attributes)
        self._open.append(node)

    def end(self, _name: str) -> None:
        """Take a closing tag."""
        node = self._open.pop()
        if node is None:
            return
        if not self._kept:
            self.ready.append(node)
            return
        self._kept -= 1
        if self._kept:
            above = self._open[-1]
            assert above is not None  # noqa: S101  inside a whole one every node is kept
            above.inside.append(node)
        else:
            self._count = 0
            self.ready.append(node)

    def text(self, text: str) -> None:
        """Take text; what is too long is cut."""
        node = self._open[-1] if self._open else None
        if node is not None and node.size < LONGEST_TEXT:
            node.parts.append(text)
            node.size += len(text)


def nodes(pieces: Iterable[bytes], whole: frozenset[str], bare: frozenset[str]) -> Iterator[Node]:
    """Yield the elements of some names in the order of their ends.

    ``whole`` ones come with all that is inside them, ``bare`` ones with their own text; what
    is inside a whole one does not come by itself. Raises ``FileUnreadable``, once all that ended
    before the fault has been handed out.
    """
    builder = _Builder(whole, bare)
    try:
        for _ in _fed(pieces, _parser(builder)):
            yield from builder.ready
            builder.ready.clear()
    except FileUnreadable:
        yield from builder.ready
        raise


def _fed(pieces: Iterable[bytes], parser: Any) -> Iterator[None]:
    """Feed a parser; come back after each piece, and after the end."""
    fed = 0
    for piece in pieces:
        if fed == 0 and piece.startswith(_WIDE):
            raise FileUnreadable("it is not UTF-8")
        fed += len(piece)
        _parse(parser, piece)
        yield
        if fed - parser.CurrentByteIndex > LONGEST_TOKEN:
            raise FileUnreadable("one of its tags has no end")
    _parse(parser, b"", is_last=True)
    yield


def _parse(parser: Any, piece: bytes, *, is_last: bool = False) -> None:
    try:
        parser.Parse(piece.translate(None, _CONTROLS), is_last)
    except expat.ExpatError as error:
        raise FileUnreadable(f"it is not well-formed XML: {error}") from None


def _parser(builder: _Builder) -> Any:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    return parser


def _refuse(*_told: Any) -> None:
    raise FileUnreadable("it declares a document type, which no export of comments does")
