"""The policies that a site can choose from."""

import pytest

from config.settings import default_policy, preset
from service.moderation.policy import Policy, merged, policy_from
from service.moderation.signal import TONE

LANGUAGES = ("fr", "en", "de")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_permissive_holds_no_sooner_than_balanced_in_any_language(lang: str) -> None:
    balanced, permissive = policy_from(default_policy()), _laid_over("permissive")
    for attribute in TONE:
        usual, lenient = balanced.threshold(attribute, lang), permissive.threshold(attribute, lang)
        if usual is None or lenient is None:
            continue
        assert lenient.hold >= usual.hold
        assert lenient.refuse >= usual.refuse


@pytest.mark.parametrize("name", ["permissive", "strict"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_a_preset_says_holds_in_every_language(name: str, lang: str) -> None:
    policy, said = _laid_over(name), policy_from({"thresholds": preset(name)["thresholds"]})
    for attribute in said.thresholds:
        assert policy.threshold(attribute, lang) == said.threshold(attribute, lang)


def _laid_over(name: str) -> Policy:
    return policy_from(merged(default_policy(), preset(name)))
