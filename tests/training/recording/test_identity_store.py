"""The identity of a run is found again, also after a power cut, and never half of it."""

from pathlib import Path

import pytest

from training.errors import ConfigError, TrackingError
from training.recording.identity_store import IdentityStore, remove_copy, require_complete
from training.run_identity import Beginning, RunIdentity

NEW = RunIdentity(recipe="retinal", recipe_version=1, requested={"data": "/a"})
BEGUN = RunIdentity(
    recipe="retinal",
    recipe_version=1,
    requested={"data": "/a"},
    config={"data": "/a"},
    beginning=Beginning(world_size=1, samples_per_step=4, facts={"the classes": ["A", "B"]}),
)


@pytest.fixture
def store(tmp_path: Path) -> IdentityStore:
    (tmp_path / "artifacts").mkdir()
    return IdentityStore(
        run_id="r",
        artifact_uri=str(tmp_path / "artifacts"),
        tracking_uri=f"sqlite:///{tmp_path}/mlflow.db",
        work_dir=tmp_path / "work",
    )


def artifact(store: IdentityStore) -> Path:
    return Path(store.artifact_uri) / "config.json"


def test_a_run_without_an_identity_has_none(store: IdentityStore) -> None:
    assert store.read() is None


def test_the_last_identity_is_read_without_the_work_folder(store: IdentityStore) -> None:
    store.write(NEW, 1.0)
    store.write(BEGUN, 1.0)
    remove_copy(store.work_dir)
    assert list(store.work_dir.iterdir()) == []
    assert store.read() == BEGUN


@pytest.mark.parametrize("content", ["", "{", "[]", "null"])
def test_an_artifact_that_a_power_cut_has_emptied_is_replaced_by_the_copy(
    store: IdentityStore, content: str
) -> None:
    store.write(BEGUN, 1.0)
    artifact(store).write_text(content)
    assert store.read() == BEGUN


def test_an_artifact_from_before_the_beginning_does_not_hide_that_the_run_has_begun(
    store: IdentityStore,
) -> None:
    store.write(NEW, 1.0)
    before = artifact(store).read_text()
    store.write(BEGUN, 1.0)
    artifact(store).write_text(before)
    assert store.read() == BEGUN


def test_a_damaged_identity_is_refused(store: IdentityStore) -> None:
    artifact(store).write_text('{"recipe": "retinal", "beginning": {"no": 1}, "config": {}}')
    with pytest.raises(ConfigError, match="does not say what it was trained with"):
        store.read()


def test_a_store_that_cannot_be_written_to_is_named(store: IdentityStore) -> None:
    artifact(store).parent.rmdir()
    artifact(store).parent.write_text("a file")
    with pytest.raises(TrackingError, match="settings of"):
        store.write(NEW, 0.1)


def test_a_run_that_has_begun_is_refused_without_its_beginning() -> None:
    params = {"identity_digest": BEGUN.beginning.digest if BEGUN.beginning else ""}
    require_complete("r", params, BEGUN)
    require_complete("r", {}, None)
    require_complete("r", {}, NEW)
    with pytest.raises(ConfigError, match=r"config\.json among its artifacts is missing"):
        require_complete("r", params, None)
    with pytest.raises(ConfigError, match=r"config\.json among its artifacts is missing"):
        require_complete("r", params, NEW)
    with pytest.raises(ConfigError, match="not the one that it began with"):
        require_complete("r", {"identity_digest": "0"}, BEGUN)


def test_a_run_of_an_earlier_version_is_refused() -> None:
    earlier = RunIdentity(recipe="retinal", recipe_version=1, requested={}, config={"epochs": 1})
    with pytest.raises(ConfigError, match="began with an earlier version"):
        require_complete("r", {}, earlier)
