"""Answers about classes that have become one since the model learnt."""

from core.store.merged import as_merged
from core.store.predictions import PredictionRecord


def test_what_is_said_of_a_merged_class_is_said_of_what_it_became() -> None:
    record = PredictionRecord(truth_index=0, predicted_index=2, confidence=0.5, probabilities=[0.125, 0.25, 0.5, 0.125])
    found = as_merged(record, [0, 1, 0, 3])
    assert found.right and found.probabilities == [0.625, 0.25, 0.0, 0.125] and found.confidence == 0.625
    assert as_merged(record, []) is record


def test_of_several_classes_the_surer_of_two_that_became_one_counts() -> None:
    record = PredictionRecord(truth_set=[1], predicted_set=[1, 2], confidence=0.75, probabilities=[0.25, 0.75, 0.5])
    found = as_merged(record, [0, 1, 1])
    assert found.right and found.probabilities == [0.25, 0.75, 0.0] and found.confidence == 0.75


def test_a_number_is_what_it_was() -> None:
    record = PredictionRecord(truth_number=2.0, predicted_number=2.5)
    assert as_merged(record, [0, 0]) == record
