"""A table like that of K2's planets and candidates, from the file to ranked candidates."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.training.program import Program
from tests.training.tables.exoplanets import K2_HEADER, K2_LEAKS, k2_table
from tracking_plugin.names import PipelineArtifact
from training.tables.target import RANK_UNDECIDED

ARGUMENTS = (
    *("fit", "--recipe", "tables", "--launcher", "single", "--budget-s", "20"),
    *("--description", "Which candidates of K2 are planets? Predict the disposition"),
    *("--learners", "linear", "--hyperparameters", '{"C": 0.5}', "--register-as", "k2"),
    *("--answers", json.dumps({"undecided_labels": RANK_UNDECIDED})),
)
HONEST = {"pl_orbper", "pl_trandep", "pl_trandur", "pl_eqt", "pl_insol", "st_teff", "st_logg"}


@pytest.mark.parametrize("is_binary", [True, False])
def test_candidates_are_ranked_by_a_model_that_no_column_gives_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_binary: bool
) -> None:
    program = Program(tmp_path)
    text = k2_table(50)
    if is_binary:
        text = text.replace("REFUTED", "FALSE POSITIVE")
    path = tmp_path / "k2pandc.csv"
    path.write_text(text)
    rows = [line.split(",") for line in text.splitlines()[1:]]
    at = K2_HEADER.split(",").index
    labels = [row[at("disposition")] for row in rows]
    hosts = [row[at("hostname")] for row in rows]

    assert program.run_here(monkeypatch, *ARGUMENTS, "--data", str(path)) == 0

    def document(artifact: PipelineArtifact) -> Any:
        (run,) = [run for run in program.runs() if "mlflow.parentRunId" not in run.data.tags]
        return program.json_artifact(run.info.run_id, artifact)

    analysis = document(PipelineArtifact.ANALYSIS)
    target = analysis["target"]
    assert target["column"] == "disposition"
    assert target["problem_type"] == ("binary" if is_binary else "multiclass")
    assert target["undecided"] == ["CANDIDATE"]
    assert sum(target["classes"].values()) == len(rows) - labels.count("CANDIDATE")
    assert analysis["group"]["column"] == "hostname"

    leaks = {it["column"]: it for it in document(PipelineArtifact.LEAKS)["leaks"]}
    assert all(leaks[name]["left_out"] for name in K2_LEAKS)
    features = set(document(PipelineArtifact.PROCESSING)["features"])
    assert features >= HONEST
    assert not features & {*K2_LEAKS, "hostname", "disposition", "k2_name"}

    shown = document(PipelineArtifact.PREDICTIONS)
    held_out = {hosts[row["row"] - 1] for row in shown}
    assert len(shown) == sum(
        host in held_out and label != "CANDIDATE" for host, label in zip(hosts, labels, strict=True)
    )
    report = document(PipelineArtifact.EVALUATION)
    low, high = report["holdout_score"]["interval"]
    assert low <= report["holdout_score"]["value"] <= high
    assert report["num_rows"] == len(shown)
    assert {it["name"] for it in report["classes"]} == set(target["classes"])

    ranked = document(PipelineArtifact.RANKED)
    assert len(ranked) == labels.count("CANDIDATE")
    assert {labels[row["row"]] for row in ranked} == {"CANDIDATE"}
    assert {row["ranked_class"] for row in ranked} == {"CONFIRMED"}
    probabilities = [row["probability"] for row in ranked]
    assert probabilities == sorted(probabilities, reverse=True)
