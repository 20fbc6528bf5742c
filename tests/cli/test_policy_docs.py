"""docs/policies.md: its example is a policy, and nothing is left out."""

from __future__ import annotations

import re
from pathlib import Path

from config.settings import PRESETS
from service.cli.policy_file import entries_of
from service.moderation.custom_rules import ACTIONS
from service.moderation.policy import ENTRIES
from service.moderation.signal import Attribute

DOCS = (Path(__file__).parents[2] / "docs" / "policies.md").read_text("utf-8")


def test_the_example_is_a_policy_that_can_be_used(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", DOCS, re.DOTALL)
    path = tmp_path / "policy.toml"
    path.write_text(example, "utf-8")
    assert set(entries_of(str(path))) == set(ENTRIES)


def test_every_entry_preset_attribute_and_list_is_named() -> None:
    for name in ("preset", *ENTRIES, *PRESETS, *Attribute, *ACTIONS):
        assert re.search(rf"\b{name}\b", DOCS), name
