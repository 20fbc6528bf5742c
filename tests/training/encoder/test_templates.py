"""The written counterfactuals."""

from collections import defaultdict

from service.moderation.signal import Attribute
from training.encoder.templates import LANGUAGES, held_back, teaching
from training.rows import Row


def test_no_template_that_judges_teaches() -> None:
    assert {row.block for row in teaching(1)}.isdisjoint(row.block for row in held_back(1))
    assert {row.text for row in teaching(1)}.isdisjoint(row.text for row in held_back(1))


def test_every_place_is_filled() -> None:
    assert not [row.text for row in (*teaching(1), *held_back(1)) if "{" in row.text]


def test_the_same_seed_gives_the_same_rows() -> None:
    assert teaching(5) == teaching(5)
    assert teaching(5) != teaching(6)


def test_a_hundred_templates_are_held_back_and_none_of_them_teaches() -> None:
    for lang in LANGUAGES:
        kept = {row.block for row in held_back(1) if row.lang == lang}
        taught = {row.block for row in teaching(1) if row.lang == lang}
        assert len(kept) >= 95
        assert not kept & taught


def test_an_identity_is_no_sign_of_guilt() -> None:
    """Toxic and clean rows name people about as often, in each language."""
    for lang in LANGUAGES:
        rows = [row for row in teaching(1) if row.lang == lang and _names_people(row)]
        clean = sum(row.targets[Attribute.TOXICITY] == 0 for row in rows)
        assert 0.4 < clean / len(rows) < 0.6


def test_rude_words_of_the_places_stand_in_clean_rows_as_well() -> None:
    labels: dict[str, set[float]] = defaultdict(set)
    for row in teaching(1):
        for place in ("{slur}", "{slurs}", "{fool}"):
            if place in row.block:
                labels[row.lang + place].add(row.targets[Attribute.TOXICITY])
    assert len(labels) == 6
    assert all(found >= {0.0, 1.0} for found in labels.values())


def _names_people(row: Row) -> bool:
    return any(place in row.block for place in ("{pl}", "{fpl}", "{ms}", "{fs}"))
