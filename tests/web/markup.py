"""A page as its browser reads it: elements, field values, words."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Element:
    """One element: its name, its attributes, the text directly in it."""

    name: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Page(HTMLParser):
    """Every element of a page, in order."""

    html: str
    elements: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[Element] = []
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in {"input", "meta", "link", "br", "path"}:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().name != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1].text += data

    def all(self, name: str) -> list[Element]:
        """Return every element called ``name``."""
        return [element for element in self.elements if element.name == name]

    def by_id(self, wanted: str) -> Element:
        """Return the element with this id."""
        return next(each for each in self.elements if each.attributes.get("id") == wanted)

    def values(self) -> dict[str, str]:
        """Return what the page's form would send."""
        inputs = {e.attributes["name"]: e.attributes.get("value", "") for e in self.all("input")}
        areas = {e.attributes["name"]: e.text.removeprefix("\n") for e in self._named_areas()}
        return {**inputs, **areas}

    def errors(self) -> dict[str, str]:
        """Return the message beside each field that has one."""
        found = {e.attributes.get("id", ""): e.text for e in self.all("p")}
        return {
            name.removesuffix("-error"): text
            for name, text in found.items()
            if name.endswith("-error") and text
        }

    def _named_areas(self) -> list[Element]:
        return [element for element in self.all("textarea") if "name" in element.attributes]
