"""Every sentence for people has its French, with the same parameters."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

import service
from service.mail.letters import WAYS
from service.moderation.checks.spam.phrases import load_phrases
from service.moderation.signal import Evidence
from service.schemas import wording
from service.schemas.messages import Message, translate, translator
from service.schemas.ops_words import ADVICE, ALERTS
from service.web.history.views import KINDS
from service.web.ops.figures import CHARTS, COLUMNS
from service.web.ops.views import SPANS

SERVICE = Path(service.__file__).parent
SOURCES = [
    path
    for folder in ("schemas", "api", "web", "mail")
    for path in sorted((SERVICE / folder).rglob("*.py"))
]
TEMPLATES = sorted((SERVICE / "web" / "templates").rglob("*.html"))
SENTENCE = re.compile(r"[A-Z`].*\s.*[.?!…]", re.DOTALL)
FOR_DEVELOPERS = frozenset({"metadata", "description", "requestBody", "parameters"})
CATALOGUES = SERVICE / "schemas" / "translations" / "fr"
LIBRARY = frozenset({"Field may not be null.", "Not a valid integer.", "Not a valid string."})
"""Marshmallow's own messages that a caller may meet."""
NARROW, WIDE = "\u202f", "\u00a0"


def catalogues() -> Iterator[Catalog]:
    for path in sorted(CATALOGUES.glob("*.po")):
        with path.open("rb") as file:
            yield read_po(file, locale="fr")


def french() -> dict[str, str]:
    return {str(entry.id): str(entry.string) for each in catalogues() for entry in each if entry.id}


def sentences_in(tree: ast.AST) -> Iterator[str]:
    """Yield the sentences a person may read: no docstring, nothing for developers."""
    if isinstance(tree, ast.keyword) and tree.arg in FOR_DEVELOPERS:
        return
    if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Constant):
        return
    if isinstance(tree, ast.Call):
        yield from first_words_of(tree)
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        if SENTENCE.fullmatch(tree.value):
            yield tree.value
        return
    for child in ast.iter_child_nodes(tree):
        yield from sentences_in(child)


def first_words_of(call: ast.Call) -> Iterator[str]:
    """Yield what is said in ``Message(…)``, ``Problem(…)``, and so on, a sentence or not."""
    place = {"Message": 0, "translate": 0, "Problem": 2, "Room": 1}.get(
        getattr(call.func, "id", "")
    )
    if place is None or len(call.args) <= place:
        return
    said = call.args[place]
    assert not isinstance(said, ast.JoinedStr), "an f-string cannot be translated"
    if isinstance(said, ast.Constant):
        yield str(said.value)


def messages_in_templates() -> Iterator[str]:
    for path in TEMPLATES:
        with path.open("rb") as file:
            for _, _, found, _ in babel_extract(file, ["_"], [], {}):
                if found:
                    yield str(found[0] if isinstance(found, tuple) else found)


def messages() -> set[str]:
    found = {
        sentence
        for path in SOURCES
        for sentence in sentences_in(ast.parse(path.read_text("utf-8")))
    }
    labels = {label for names in wording.LABELS.values() for label in names.values()}
    labels |= set(WAYS.values()) | set(KINDS.values())
    labels |= set(ALERTS.values()) | set(ADVICE.values())
    labels |= set(SPANS.values()) | set(COLUMNS.values()) | {each.title for each in CHARTS}
    labels |= {label for each in CHARTS for _, label in each.lines}
    return found | labels | LIBRARY | set(messages_in_templates())


def parameters_of(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_message_has_its_french() -> None:
    known = french()
    missing = sorted(message for message in messages() if not known.get(message))
    assert missing == []


def test_no_message_is_translated_in_two_ways() -> None:
    found = {(str(entry.id), str(entry.string)) for each in catalogues() for entry in each}
    messages_found = [message for message, _ in found if message]
    assert sorted(messages_found) == sorted(set(messages_found))


def test_no_french_is_left_of_a_message_that_went() -> None:
    assert sorted(french().keys() - messages()) == []


def test_the_french_takes_the_same_parameters() -> None:
    found = french().items()
    assert [
        english
        for english, translated in found
        if parameters_of(english) != parameters_of(translated)
    ] == []


def test_french_signs_are_set_with_the_right_spaces() -> None:
    assert [text for text in french().values() if not is_well_set(text)] == []


def is_well_set(text: str) -> bool:
    """Say whether a French sentence has the spaces and quotes that printers set."""
    bare = re.sub(r"`[^`]*`|https?://", "", text)
    narrow = all(bare[sign.start() - 1] in NARROW for sign in re.finditer(r"[;!?]", bare))
    wide = all(bare[sign.start() - 1] == WIDE for sign in re.finditer(r"[:»%]", bare))
    opened = all(bare[sign.end()] == WIDE for sign in re.finditer("«", bare))
    return narrow and wide and opened and "'" not in bare and '"' not in bare


def test_every_sentence_of_a_rule_status_and_finding_is_among_them() -> None:
    tables = (wording.STATUSES, wording.RULES, wording.ATTRIBUTES, wording.EVIDENCE)
    said = {text for table in tables for text in table.values()} | {wording.UNSCREENED}
    assert said <= messages()


def test_every_kind_of_phrase_is_named_in_plain_words() -> None:
    kinds = {phrase.kind for name in ("fr", "en", "any", "author") for phrase in load_phrases(name)}
    assert kinds <= wording.KINDS.keys()


def test_a_label_is_translated_inside_a_sentence() -> None:
    item = Evidence("phrase", {"phrase": "crédit rapide", "kind": "loans"})
    sentence = wording._evidence_sentence(item)
    assert sentence == "It contains “crédit rapide” (loans)."
    assert translate(sentence, "fr") == f"Il contient «{WIDE}crédit rapide{WIDE}» (prêts)."


def test_a_visitors_own_words_are_never_translated() -> None:
    item = Evidence("phrase", {"phrase": "loans", "kind": "loans"})
    sentence = wording._evidence_sentence(item)
    assert sentence is not None
    assert f"«{WIDE}loans{WIDE}»" in translate(sentence, "fr")


def test_braces_in_a_visitors_words_are_kept() -> None:
    item = Evidence("phrase", {"phrase": "{kind} {0}", "kind": "loans"})
    sentence = wording._evidence_sentence(item)
    assert sentence is not None
    assert "{kind} {0}" in translate(sentence, "fr")


def test_numbers_are_written_as_in_the_language() -> None:
    sentence = Message("It was sent {seconds} seconds after the form appeared.", seconds=1.5)
    assert "1,5" in translate(sentence, "fr")
    assert "1.5" in translate(sentence, "en")


def test_an_unknown_language_is_answered_in_english() -> None:
    assert translator("de")("This field is required.") == "This field is required."
