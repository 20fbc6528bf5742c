"""Policies as text: TOML, the presets it may lie over, and on which line a fault stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from config.settings import DEFAULT_PRESET, PRESETS, default_policy, preset
from service.moderation.checks import CHECK_NAMES
from service.moderation.policy import PolicyInvalid, merged, policy_from
from service.schemas.language_codes import language_codes

LARGEST_TEXT = 1 << 20
_SYNTAX_FAULT = re.compile(r"(.*) \(at line (\d+), column \d+\)")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class PolicyTextInvalid(ValueError):
    """Say what is wrong with a policy's text, and on which line, from 1, where that is known."""

    def __init__(self, problem: str, line: int | None) -> None:
        super().__init__(f"line {line}: {problem}" if line else problem)
        self.problem = problem
        self.line = line


def entries_in(text: str) -> Mapping[str, Any]:
    """Return what a policy written as TOML lays over the default policy.

    Its ``preset`` names the preset that its own entries lie over. Raises
    ``PolicyTextInvalid``.
    """
    try:
        return _entries(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise _syntax_fault(str(error)) from None
    except PolicyInvalid as error:
        raise PolicyTextInvalid(str(error), line_of(text, error.entry)) from None


def beyond_default(name: str) -> Mapping[str, Any]:
    """Return what a preset lays over the default policy."""
    return {} if name == DEFAULT_PRESET else preset(name)


def text_of(entries: Mapping[str, Any]) -> str:
    """Return entries as TOML, tables after values; ``entries_in`` gives them back."""
    return "\n".join(_lines("", entries)).strip() + "\n" if entries else ""


def checked(entries: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return entries that make a policy when they lie over the default one.

    Raises ``PolicyInvalid``.
    """
    policy_from(merged(default_policy(), entries), CHECK_NAMES, language_codes())
    return entries


def _entries(data: Mapping[str, Any]) -> Mapping[str, Any]:
    name = data.get("preset", DEFAULT_PRESET)
    if name not in PRESETS:
        raise PolicyInvalid("preset", f"one of {', '.join(PRESETS)}")
    own = {key: value for key, value in data.items() if key != "preset"}
    return checked(merged(beyond_default(name), own))


def _syntax_fault(said: str) -> PolicyTextInvalid:
    """Return tomllib's message with its line apart."""
    found = _SYNTAX_FAULT.fullmatch(said)
    if not found:
        return PolicyTextInvalid(f"not TOML: {said}", None)
    return PolicyTextInvalid(f"not TOML: {found[1]}", int(found[2]))


def _lines(path: str, table: Mapping[str, Any]) -> Iterator[str]:
    values = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    tables = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    if path and (values or not tables):
        yield ""
        yield f"[{path}]"
    for key, value in values.items():
        yield f"{_written_key(key)} = {_written(value)}"
    for key, below in tables.items():
        own = _written_key(key)
        yield from _lines(f"{path}.{own}" if path else own, below)


def _written_key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _written(key)


def _written(value: Any) -> str:
    """Return a value as TOML: JSON's own form but for DEL, which TOML wants escaped."""
    if isinstance(value, list | tuple):
        items = [f"  {_written(item)}," for item in value]
        return "\n".join(["[", *items, "]"]) if items else "[]"
    return orjson.dumps(value).decode().replace("\x7f", "\\u007f")


def line_of(text: str, entry: str) -> int | None:
    """Return the line, from 1, on which an entry of valid TOML stands, or what holds it.

    ``entry`` is a dotted path with positions in lists: ``words.hold[2]``.
    """
    lines: dict[str, int] = {}
    for path, line in _Reader(list(_tokens(text))).places():
        for each in (path, *_holders(path)):
            lines.setdefault(each, line)
    return next((lines[each] for each in (entry, *_holders(entry)) if each in lines), None)


def _holders(entry: str) -> list[str]:
    """Return the paths of the tables and lists that hold an entry, the nearest first."""
    ends = [match.start() for match in re.finditer(r"[.\[]", entry)]
    return [entry[:end] for end in reversed(ends)]


# Just enough of TOML 1.0 to find places in text that tomllib has accepted ----------------------

_TOKEN = re.compile(
    r'(?P<string>"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\])*"|\'[^\']*\')'
    r"|(?P<skipped>[ \t\r]+|\#[^\n]*)|(?P<newline>\n)|(?P<sign>[\[\]{}=,.])"
    r"|(?P<bare>[^\s\[\]{}=,.\#]+)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for match in _TOKEN.finditer(text):
        if match.lastgroup and match.lastgroup != "skipped":
            yield _Token(match.lastgroup, match[0], line)
        line += match[0].count("\n")
    yield _Token("newline", "\n", line)


class _Reader:
    """Walk over tokens and yield every table's, key's and list item's path and line."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def places(self) -> Iterator[tuple[str, int]]:
        table = ""
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.kind == "newline":
                self._at += 1
            elif token.text == "[":
                self._skip("[")
                table = self._keys("")
                self._skip("]")
                yield table, token.line
            else:
                yield from self._pair(table)

    def _pair(self, table: str) -> Iterator[tuple[str, int]]:
        line = self._tokens[self._at].line
        path = self._keys(table)
        self._skip("=")
        yield path, line
        yield from self._value(path)

    def _keys(self, path: str) -> str:
        """Return ``path`` with the dotted key that begins here."""
        while self._tokens[self._at].text not in {"=", "]"}:
            token = self._tokens[self._at]
            if token.text != ".":
                path = f"{path}.{_key(token)}" if path else _key(token)
            self._at += 1
        return path

    def _value(self, path: str) -> Iterator[tuple[str, int]]:
        opening = self._tokens[self._at].text
        if opening == "[":
            yield from self._items(path)
        elif opening == "{":
            yield from self._inline_table(path)
        else:
            while self._tokens[self._at].text not in {",", "]", "}", "\n"}:
                self._at += 1

    def _items(self, path: str) -> Iterator[tuple[str, int]]:
        self._at += 1
        position = 0
        while (token := self._tokens[self._at]).text != "]":
            if token.text in {",", "\n"}:
                self._at += 1
                continue
            yield f"{path}[{position}]", token.line
            yield from self._value(f"{path}[{position}]")
            position += 1
        self._at += 1

    def _inline_table(self, path: str) -> Iterator[tuple[str, int]]:
        self._at += 1
        while (token := self._tokens[self._at]).text != "}":
            if token.text in {",", "\n"}:
                self._at += 1
            else:
                yield from self._pair(path)
        self._at += 1

    def _skip(self, sign: str) -> None:
        while self._tokens[self._at].text == sign:
            self._at += 1


def _key(token: _Token) -> str:
    """Return a key as it is meant: a quoted one without quotes and escapes."""
    if token.kind != "string":
        return token.text
    meant: str = tomllib.loads(f"key = {token.text}")["key"]
    return meant
