"""What a model card says of one task and not of another."""

import dataclasses
import json
from datetime import UTC, datetime

import pytest

from core.catalogue import ModelCard
from core.catalogue.card import in_words
from core.evaluation import fold_lines, folds_how
from core.exchange.model_card import ModelFacts, model_card_text
from core.recipes import Recipe
from core.types import JsonObject, JsonValue, Task


@pytest.fixture
def facts() -> ModelFacts:
    card = ModelCard(
        backbone="resnet18", task=Task.SINGLE, classes=("healthy", "rust"), class_ids=(1, 2), image_size=64,
        framing="squash", mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2), temperature=1.25,
    )  # fmt: skip
    none: JsonObject = {name: {} for name in ("metrics", "intervals", "per_class", "calibration", "counts", "splits")}
    results = {**none, "split_rule": "by case", "dataset_hash": "0" * 64}
    return ModelFacts(
        project="Leaves", guideline="", unit="", synthetic=False, run=1, name="", trained_at=datetime.now(UTC),
        recipe=Recipe().to_json(), notes=(), card=card, version=1, people=(), results=results, external=(),
        robustness=None, check=None, onnx_problem="", code_version="",
    )  # fmt: skip


def test_a_card_comes_back_from_json_as_it_was(facts: ModelFacts) -> None:
    for card in (facts.card, dataclasses.replace(facts.card, task=Task.MULTI, thresholds=(0.25, 0.5), members=3)):
        assert ModelCard.from_json(json.loads(json.dumps(card.to_json()))) == card


def test_an_answer_is_told_as_its_class_its_classes_or_its_number(facts: ModelFacts) -> None:
    assert in_words(facts.card, 1, None, None) == "rust" and in_words(facts.card, 0, None, None) == "healthy"
    assert in_words(facts.card, None, (0, 1), None) == "healthy, rust"
    assert in_words(facts.card, None, (), None) == "none of them"
    assert in_words(facts.card, None, None, 0.0) == "0" and in_words(facts.card, None, None, 12.3456) == "12.35"
    assert in_words(facts.card, None, None, None) == ""


def test_a_model_that_says_numbers_has_no_probabilities_to_calibrate(facts: ModelFacts) -> None:
    assert "calibrated by one temperature (1.25;" in model_card_text(facts)
    number = dataclasses.replace(facts.card, task=Task.REGRESSION, classes=())
    assert "temperature" not in model_card_text(dataclasses.replace(facts, card=number))


def test_an_ensemble_is_told_as_such_and_its_temperatures_are_its_members(facts: ModelFacts) -> None:
    text = model_card_text(dataclasses.replace(facts, card=dataclasses.replace(facts.card, temperature=1.0, members=4)))
    assert "- Network: 4 networks, one of each fold, whose answers are averaged: resnet18" in text
    assert "the mean of those of the 4 networks, each calibrated by a temperature of its own" in text
    assert "one temperature" not in text


def test_by_how_many_pictures_it_was_calibrated_is_told_and_which_figures_could_not_be_had(facts: ModelFacts) -> None:
    metrics: JsonObject = {"test": {"count": 3, "accuracy": 1.0, "auroc": None}}
    intervals: JsonObject = {"test": {"accuracy": [0.4, 1.0], "auroc": None}}
    found: JsonObject = {
        **facts.results, "task": "single", "metrics": metrics, "intervals": intervals,
        "splits": {"validation": 2, "test": 3},
    }  # fmt: skip
    text = model_card_text(dataclasses.replace(facts, results=found))
    assert "fitted on 2 validation pictures." in text
    assert "- AUROC:" not in text and "Not enough to tell: AUROC (it needs at least 10 pictures of classes" in text


@pytest.mark.parametrize(
    ("answered", "enough", "words"),
    [
        (1.0, False, "Too few validation pictures to set a limit: in Graft, too, it answers every picture."),
        (
            1.0,
            True,
            "100% (70 to 100%) of the test pictures and leaves such as are doubtful, strange or badly taken to",
        ),
        (0.5, True, "and leaves the others, which are doubtful, strange or badly taken, to a person."),
    ],
)
def test_what_it_does_not_answer_is_told_as_it_was(
    facts: ModelFacts, answered: float, enough: bool, words: str
) -> None:
    abstaining: JsonObject = {
        "answered": answered, "answered_interval": [0.7, 1.0], "limits_from": {"pictures": 9, "enough": enough},
    }  # fmt: skip
    assert words in model_card_text(dataclasses.replace(facts, results={**facts.results, "abstaining": abstaining}))


def test_a_short_cut_and_what_the_test_cannot_tell_are_cautions(facts: ModelFacts) -> None:
    assert "were not checked for duplicates" in model_card_text(facts)
    probe: JsonObject = {"probe": "borders", "score": 0.7, "interval": [0.6, 0.8], "chance": 0.5, "flagged": True}
    quiet: JsonObject = {**probe, "probe": "file", "flagged": False}
    counts: JsonObject = {
        "together": "cases",
        "leaking": 2,
        "classes": [{"name": "healthy", "train": 4, "validation": 1, "test": 0}],
    }
    results: JsonObject = {**facts.results, "task": "single", "counts": counts, "splits": {"test": 2}}
    scores: JsonObject = {"scores": [
        {"kept": "pictures", "score": 0.9, "interval": [0.8, 0.95]},
        {"kept": "cases", "score": 0.6, "interval": [0.5, 0.7]},
    ]}  # fmt: skip
    pairs: JsonValue = [{"across_splits": True}, {"across_splits": False}]
    check: JsonObject = {"shortcuts": [probe, quiet], "splitting": scores, "pairs": pairs}
    text = model_card_text(dataclasses.replace(facts, check=check, results=results))
    assert (
        "From only the borders of the pictures the classes are told better than by chance: balanced accuracy 70% (60% "
        in text
    )
    assert "facts of the files" not in text and "were not checked" not in text
    assert "A random split says 90% (80% to 95%), new cases say 60% (50% to 70%)." in text
    assert "1 pair of pictures that look like one in different splits." in text
    many = dataclasses.replace(facts, check={**check, "counts": {"across_splits": 22_778}}, results=results)
    assert "22,778 pairs of pictures that look like one in different splits." in model_card_text(many), "not all listed"
    assert "2 cases in several splits" in text and "No test picture is of healthy" in text


@pytest.mark.parametrize(("shuffle", "kept"), [(False, "case"), (True, "case"), (False, "group")])
def test_what_folds_say_together_is_told_in_the_words_of_results(facts: ModelFacts, shuffle: bool, kept: str) -> None:
    folds: JsonObject = {
        "count": 3, "repeats": 1, "shuffle": shuffle, "keep_together": kept, "scores": [0.8, 0.9, 0.85],
        "mean": 0.85, "spread": 0.05, "interval": [0.67, 1.0],
    }  # fmt: skip
    assert "Fold by fold" not in model_card_text(facts)
    text = model_card_text(dataclasses.replace(facts, results={**facts.results, "folds": folds}))
    part = text[text.index("### Fold by fold") : text.index("## Ethical")]
    assert "Mean 0.85 (95% interval 0.67 to 1.00), spread 0.05 over 3" in part
    assert [line[2:] for line in part.splitlines() if line.startswith("- ")] == fold_lines(folds, "Balanced accuracy")
    assert all(paragraph in part for paragraph in folds_how(folds))
    kind = "random splits" if shuffle else "folds"
    assert f"In the 3 {kind} of the cross-validation all but the test pictures took turns." in text


def test_a_setting_says_what_it_means_and_not_whose_folder_weights_lay_in(facts: ModelFacts) -> None:
    recipe = Recipe(weights="file:/home/anna/secret/a.pt").to_json()
    text = model_card_text(dataclasses.replace(facts, recipe=recipe))
    assert "| weights | file:a.pt | initialised from a file of weights |" in text and "anna" not in text


def test_what_it_says_of_its_probabilities_is_told_of_every_kind_of_label(facts: ModelFacts) -> None:
    told = {
        task: model_card_text(dataclasses.replace(facts, card=dataclasses.replace(facts.card, task=task)))
        for task in Task
    }
    assert "highest probability" in told[Task.SINGLE] and "median grade" in told[Task.ORDINAL]
    assert "thresholds stand in `card.json`" in told[Task.MULTI]
    assert "none of its classes" not in told[Task.REGRESSION] and "calibrated" not in told[Task.REGRESSION]
