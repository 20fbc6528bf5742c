"""What the evaluation's tables by language and source say, and what they leave out."""

from collections.abc import Sequence

import numpy as np

from service.moderation.models.weights import ATTRIBUTES
from service.moderation.signal import Attribute
from training.evaluation.contenders import Contender, Values, of_one_answer
from training.evaluation.judged import Judged
from training.evaluation.sources import LEAST, tables_by_source
from training.evaluation.tables import counts
from training.rows import Row

INSULT = Attribute.INSULT


def rows_of(source: str, lang: str, *targets: float, attribute: Attribute = INSULT) -> list[Row]:
    return [
        Row(f"{source} {number}: {target}", lang, source, {attribute: target}, 1.0)
        for number, target in enumerate(targets)
    ]


def evenly(source: str, lang: str, each: int = LEAST) -> list[Row]:
    """Return ``each`` insults and as many that are none."""
    return rows_of(source, lang, *(1.0, 0.0) * each)


def reads_all(name: str = "knows") -> Contender:
    """Return a contender that scores every attribute as it is labelled."""

    def score(rows: Sequence[Row]) -> Values:
        return np.array([[row.targets.get(each, 0.0) for each in ATTRIBUTES] for row in rows])

    return Contender(name, score)


def reads_toxicity_alone() -> Contender:
    def score(rows: Sequence[Row]) -> Values:
        scores = np.full((len(rows), len(ATTRIBUTES)), np.nan)
        scores[:, ATTRIBUTES.index(Attribute.TOXICITY)] = 0.5
        return scores

    return Contender("toxicity alone", score)


def table_of(title: str, rows: Sequence[Row], *contenders: Contender) -> list[str]:
    """Return the lines under ``title``, up to the next title."""
    lines = list(tables_by_source(Judged.of(rows, contenders or [reads_all()])))
    start = lines.index(f"#### {title}, by language and source")
    ends = [number for number, line in enumerate(lines) if line.startswith("####")]
    return lines[start + 1 : min((end for end in ends if end > start), default=len(lines))]


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_every_attribute_has_a_table_or_says_what_it_lacks() -> None:
    lines = list(tables_by_source(Judged.of(evenly("posts", "de"), [reads_all()])))
    titles = [line for line in lines if line.startswith("####")]
    assert len(titles) == len(ATTRIBUTES)
    assert sum(line.startswith("Left out") for line in lines) == len(ATTRIBUTES)


def test_a_line_has_all_measures_of_a_contender_on_a_source() -> None:
    header, _, line = [one for one in table_of("Insult", evenly("posts", "de")) if "|" in one]
    found = dict(zip(cells_of(header), cells_of(line), strict=True))
    assert float(found.pop("comments/s").replace(",", "")) > 0
    assert found == {
        "language": "de",
        "source": "posts",
        "positive": str(LEAST),
        "negative": str(LEAST),
        "contender": "knows",
        "ROC AUC": "1.000",
        "average precision": "1.000",
        "recall at 1% false positives": "1.000",
        "calibration error": "0.000",
    }


def test_lines_are_in_the_order_of_languages_and_then_of_sources() -> None:
    rows = [*evenly("b", "fr"), *evenly("a", "fr"), *evenly("c", "de")]
    lines = [line for line in table_of("Insult", rows) if "knows" in line]
    assert [cells_of(line)[:2] for line in lines] == [["de", "c"], ["fr", "a"], ["fr", "b"]]


def test_whoever_does_not_judge_an_attribute_has_no_line_of_it() -> None:
    rows = [*evenly("a", "fr"), *rows_of("t", "fr", *(1, 0) * LEAST, attribute=Attribute.TOXICITY)]
    both = (reads_all(), reads_toxicity_alone())
    assert not any("toxicity alone" in line for line in table_of("Insult", rows, *both))
    assert any("toxicity alone" in line for line in table_of("Toxicity", rows, *both))


def test_a_source_with_too_few_of_a_kind_is_named_below_the_table() -> None:
    rows = [
        *evenly("enough", "fr"),
        *evenly("few", "fr", LEAST - 1),
        *rows_of("guilty", "en", *[1.0] * 50),
        *rows_of("calm", "en", *[0.0] * 50),
        *rows_of("calm", "fr", *[0.0] * 50),
        *rows_of("doubtful", "en", *[0.5] * 50),
    ]
    *table, last, _ = table_of("Insult", rows)
    assert {cells_of(line)[1] for line in table if "knows" in line} == {"enough"}
    assert last == (
        f"Left out, fewer than {LEAST} of a kind (positive / negative): "
        f"few, fr ({LEAST - 1} / {LEAST - 1}). Nothing but positives: guilty. No positive: calm."
    )


def test_a_borderline_row_is_neither_kind() -> None:
    judged = Judged.of(rows_of("posts", "fr", 1.0, 0.6, 0.5, 0.4, 0.3), [reads_all()])
    assert counts(judged, INSULT) == (2, 1)


def test_the_time_a_source_takes_is_its_own() -> None:
    calls: list[int] = []

    def score(rows: Sequence[Row]) -> Values:
        calls.append(len(rows))
        return np.zeros((len(rows), len(ATTRIBUTES)))

    judged = Judged.of([*evenly("a", "fr"), *evenly("b", "fr", 20)], [Contender("one", score)])
    assert calls == [1, 2 * LEAST, 40]
    assert judged.where(lambda row: row.source == "b").seconds["one"].shape == (40,)


def test_a_peer_that_finds_profanity_is_judged_on_profanity_too() -> None:
    [scores] = of_one_answer(lambda texts: [0.75 for _ in texts])(rows_of("posts", "en", 1.0))
    said = {each: score for each, score in zip(ATTRIBUTES, scores, strict=True) if score >= 0}
    assert said == {Attribute.TOXICITY: 0.75, Attribute.PROFANITY: 0.75}
