"""The paths of write requests: what they name, behind any prefix, however long and strange they are."""

import pytest

from tracking_plugin.write_paths import ArtifactPath, is_upload, proxied_artifact, run_verb

RUN, OTHER = "0123456789abcdef" * 2, "f" * 32
COMPLETE = ("mpu", "complete")


@pytest.mark.parametrize("prefix", ["", "/mlflow", "/a/api/2.0/b"])
def test_a_verb_is_the_end_of_the_path(prefix: str) -> None:
    assert run_verb(f"{prefix}/api/2.0/mlflow/runs/log-batch") == "log-batch"
    assert run_verb(f"{prefix}/ajax-api/3.1/mlflow/runs/create") == "create"


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "runs", "/runs/create", "/mlflow/runs/create", "/api/mlflow/runs/create"),
        *("/api/2.0/mlflow/runs/create/", "/api/two/mlflow/runs/create", "/api/2.0/mlflow/runs"),
        *("/api/2.0/mlflow/experiments/create", "/papi/2.0/mlflow/runs/create"),
    ],
)
def test_other_paths_have_no_verb(path: str) -> None:
    assert run_verb(path) in (None, "")


def test_an_upload_is_the_end_of_the_path() -> None:
    assert is_upload("/prefix/ajax-api/2.0/mlflow/upload-artifact")
    assert not is_upload("/api/2.0/mlflow/upload-artifact")
    assert not is_upload("/ajax-api/2.0/mlflow/upload-artifact/more")


@pytest.mark.parametrize("prefix", ["", "/mlflow"])
@pytest.mark.parametrize("folder", ["", "0/", "a/b/"])
def test_the_first_id_is_the_runs_and_the_rest_is_the_artifacts(prefix: str, folder: str) -> None:
    path = (
        f"{prefix}/api/2.0/mlflow-artifacts/artifacts/{folder}{RUN}/artifacts/x/{OTHER}/artifacts/y"
    )

    found = proxied_artifact(path, ("artifacts",))

    assert found == ArtifactPath(run_id=RUN, rest=f"x/{OTHER}/artifacts/y")
    assert proxied_artifact(path, COMPLETE) is None


def test_a_completed_upload_may_have_no_folder() -> None:
    path = f"/ajax-api/2.0/mlflow-artifacts/mpu/complete/{RUN}/artifacts"

    assert proxied_artifact(path, COMPLETE) == ArtifactPath(run_id=RUN, rest="")


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "hostile",
    [
        "/ajax-api/2.0/mlflow-artifacts/mpu/complete" * 200
        + f"/{OTHER}/artifacts" * 200
        + f"/{'a' * 10_000}\nb",
        "/api/2.0/mlflow-artifacts/artifacts" * 20_000,
        f"/{RUN}" * 20_000,
        "/" * 1_000_000,
        "/api" * 100_000 + "/2.0/mlflow/runs/" + "a" * 100_000,
    ],
)
def test_a_hostile_path_takes_no_longer_than_its_length(hostile: str) -> None:
    """A search by regular expression took 30 s for the first of them."""
    for endpoint in (("artifacts",), COMPLETE):
        proxied_artifact(hostile, endpoint)
    run_verb(hostile)
    is_upload(hostile)
