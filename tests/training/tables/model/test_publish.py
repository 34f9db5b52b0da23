"""A model is registered in MLflow as files and code, and loaded by MLflow alone."""

import json
from collections.abc import Iterator
from typing import Any

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient

from tests.mlflow_database import new_store
from tests.training.tables.model.small_models import COLUMNS, MEASURED, TARGETS, model
from training.tables.errors import TableError
from training.tables.model.publish import input_example, log_table_model

NAME = "stars"


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("mlflow")
    uri = new_store(folder)
    before = mlflow.get_tracking_uri()
    client = MlflowClient(uri)
    experiment = client.create_experiment("tables", artifact_location=str(folder / "artifacts"))
    run_id = client.create_run(experiment).info.run_id
    version = log_table_model(
        model("lightgbm", target="grade"), run_id=run_id, tracking_uri=uri, register_as=NAME
    )
    assert client.get_model_version(NAME, version).run_id == run_id
    yield mlflow.pyfunc.load_model(f"models:/{NAME}/{version}")
    mlflow.set_tracking_uri(before)


def frame(**changed: Any) -> pd.DataFrame:
    columns = {name: values for name, values in COLUMNS.items() if name}
    return pd.DataFrame({**columns, "grade": TARGETS["grade"], **changed})


def test_the_signature_has_the_type_of_the_label(registered: Any) -> None:
    outputs = registered.metadata.signature.outputs.input_dict()
    assert str(outputs["label"].type) == "DataType.long"
    assert {"confidence", "probability of 10", "warnings"} < set(outputs)
    assert registered.metadata.signature.inputs.input_names() == [n for n in COLUMNS if n]


def test_a_frame_of_usual_types_is_predicted(registered: Any) -> None:
    answers = registered.predict(frame())
    assert (answers["label"] == TARGETS["grade"]).mean() > 0.8
    assert json.loads(answers["warnings"][80])[0]["column"] == "kind"
    # A boolean may be missing, and a number whole.
    changed = frame(**{"yes": [None, *COLUMNS["yes"][1:]], "a[1]": list(range(90))})
    assert len(registered.predict(changed)) == 90


def test_explanations_are_a_parameter(registered: Any) -> None:
    answers = registered.predict(frame().head(3), params={"explain": True, "top": 1})
    first = answers.iloc[0]
    total = first["base_value"] + sum(json.loads(first["contributions"]).values())
    assert total == pytest.approx(first["total"], abs=1e-4)
    assert len(json.loads(first["reasons"])) == 1


def test_faults_are_named_by_row_and_column(registered: Any) -> None:
    with pytest.raises(TableError, match=r"^Row 2, column 'a\[1\]': expected a number, but a text"):
        registered.predict(frame(**{"a[1]": [0.5, "secret", *MEASURED[2:]]}))
    with pytest.raises(TableError, match="dates or booleans in the column 'seen', but other types"):
        registered.predict(frame(seen=[[1]] * 90))


def test_the_example_is_predicted_and_of_no_row(registered: Any) -> None:
    assert len(registered.predict(registered.input_example)) == 1
    example = input_example(model("lightgbm", target="grade")).iloc[0].to_dict()
    assert example["kind"] == "x"
    assert example["note"] == "a text"
    assert example["seen"].endswith("-01-01")
    assert example["a[1]"] not in MEASURED
