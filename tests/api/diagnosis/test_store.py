"""Diagnoses and verdicts in a real database."""

from collections.abc import Sequence

import pytest

from api.diagnosis.records import DiagnosisRecord, GivenFeedback, ModelVersion, Verdict
from api.diagnosis.store import DiagnosisStore
from api.storage.database import Database

CLASSES = ["Normal", "RAO"]
MODEL = ModelVersion(workspace="", model="retina", version="3")


@pytest.fixture
def store(database: Database) -> DiagnosisStore:
    return DiagnosisStore(database)


def add(
    store: DiagnosisStore,
    request_id: str,
    predicted: str = "RAO",
    model: ModelVersion = MODEL,
    at_ms: int = 1,
    classes: Sequence[str] = CLASSES,
) -> None:
    record = DiagnosisRecord(
        request_id=request_id, model=model, predicted_class=predicted, at_ms=at_ms
    )
    store.add(record, classes)


def judge(
    store: DiagnosisStore, request_id: str, true_class: str, workspace: str = ""
) -> GivenFeedback | None:
    verdict = Verdict.AGREE if true_class == "RAO" else Verdict.OVERRULE
    return store.give_feedback(
        workspace, request_id, verdict=verdict, true_class=true_class, note="n", at_ms=7
    )


def test_verdicts_are_counted_for_their_model_version(store: DiagnosisStore) -> None:
    other = ModelVersion(workspace="", model="retina", version="4")
    for request_id in ("a", "b", "c"):
        add(store, request_id)
    add(store, "d", model=other)
    judge(store, "a", "RAO")
    judge(store, "d", "Normal")

    given = judge(store, "b", "Normal")

    assert given is not None
    assert given.record.verdict is Verdict.OVERRULE
    assert given.all.counts == {("RAO", "RAO"): 1, ("RAO", "Normal"): 1}
    assert (given.all.step, given.all.run_id) == (2, None)


def test_a_second_verdict_replaces_the_first(store: DiagnosisStore) -> None:
    add(store, "a")
    judge(store, "a", "Normal")

    given = judge(store, "a", "RAO")

    assert given is not None
    assert given.all.counts == {("RAO", "RAO"): 1}
    assert given.all.step == 2


def test_a_diagnosis_is_known_in_its_own_workspace_alone(store: DiagnosisStore) -> None:
    add(store, "a", model=ModelVersion(workspace="ward", model="retina", version="3"))

    assert store.find("", "a") is None
    assert judge(store, "a", "RAO") is None
    assert store.find("ward", "a") is not None
    assert judge(store, "a", "RAO", "ward") is not None


def test_classes_are_those_of_the_first_diagnosis_that_has_some(store: DiagnosisStore) -> None:
    assert store.classes(MODEL) == []
    add(store, "a", classes=[])
    assert store.classes(MODEL) == []
    add(store, "b")
    add(store, "c", classes=["another"])
    assert store.classes(MODEL) == CLASSES


def test_the_first_run_that_is_set_counts(store: DiagnosisStore) -> None:
    add(store, "a")

    assert store.set_feedback_run(MODEL, None, "r1") == "r1"
    assert store.set_feedback_run(MODEL, None, "r2") == "r1"
    assert store.set_feedback_run(MODEL, "r1", "r2") == "r2"


def test_the_oldest_are_removed_beyond_the_limit(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.diagnosis.store.REMOVAL_INTERVAL", 1)
    store = DiagnosisStore(database, max_diagnoses=3)

    for number in range(6):
        add(store, f"id{number}", at_ms=number)

    kept = [number for number in range(6) if store.find("", f"id{number}") is not None]
    assert kept == [3, 4, 5]
