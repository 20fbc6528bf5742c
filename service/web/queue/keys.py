"""One key for each action of the queue; anybody may choose others.

The defaults never move: what the fingers have learned must hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.schemas.messages import Message


@dataclass(frozen=True, slots=True)
class Action:
    """Name something that can be done in the queue, its own key, and what it is called."""

    name: str
    key: str
    label: Message


ACTIONS = (
    Action("approve", "a", Message("Approve")),
    Action("reject", "r", Message("Reject, with a reason if you like")),
    Action("spam", "s", Message("Spam")),
    Action("delete", "d", Message("Delete")),
    Action("hold", "h", Message("Hold")),
    Action("edit", "e", Message("Edit and approve")),
    Action("undo", "u", Message("Undo the last decision")),
    Action("note", "n", Message("Note to colleagues")),
    Action("trust", "t", Message("Trust the author")),
    Action("ban", "b", Message("Ban the author")),
    Action("claim", "c", Message("Take it, so that colleagues leave it to you")),
    Action("next", "j", Message("Next comment")),
    Action("previous", "k", Message("Previous comment")),
    Action("select", "x", Message("Select")),
    Action("select_to", "X", Message("Select everything from the last selected one to here")),
    Action("open", "o", Message("Open with its thread")),
    Action("like", "l", Message("All like this")),
    Action("reveal", "v", Message("Show or hide the text")),
    Action("new", ".", Message("Show new arrivals")),
    Action("search", "/", Message("Search")),
    Action("help", "?", Message("Keys")),
)
DEFAULTS: Mapping[str, str] = {action.name: action.key for action in ACTIONS}
IN_USE = "Another action has this key."
NOT_A_KEY = "A key is one visible character."


def keys_of(chosen: Mapping[str, str]) -> dict[str, str]:
    """Return the key of every action, where ``chosen`` names what somebody changed."""
    return {**DEFAULTS, **{name: key for name, key in chosen.items() if name in DEFAULTS}}


def faults(keys: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with the keys somebody wants, by action; nothing if all is well."""
    found = {name: NOT_A_KEY for name, key in keys.items() if not _is_key(key)}
    taken: dict[str, str] = {}
    for name, key in keys.items():
        if name not in found and taken.setdefault(key, name) != name:
            found[name] = IN_USE
    return found


def _is_key(key: str) -> bool:
    return len(key) == 1 and key.isprintable() and not key.isspace()
