"""A registry with two versions of a model of tables."""

from collections.abc import Iterator
from dataclasses import dataclass

import mlflow
import pytest

from serving.settings import ServingSettings
from tests.serving.engine.registered import Store
from tests.serving.tables.trained_tables import labels, register, trained

CLASSES = ("CANDIDATE", "CONFIRMED", "FALSE POSITIVE")
NAME = "planets"


@dataclass(frozen=True, kw_only=True)
class TableVersions:
    """The labels of `first` and `second` are in opposite orders; champion is on the first."""

    store: Store
    first: str
    second: str

    def settings(self, **given: object) -> ServingSettings:
        fast = {"poll_s": 0.05, "table_threads": 2}
        return ServingSettings(tracking_uri=self.store.uri, **{**fast, **given})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def registered_tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TableVersions]:
    before = mlflow.get_tracking_uri()
    store = Store(tmp_path_factory.mktemp("tables"))
    first, second = (
        register(store, trained(labels(classes)), NAME) for classes in (CLASSES, CLASSES[::-1])
    )
    yield TableVersions(store=store, first=first, second=second)
    mlflow.set_tracking_uri(before)


@pytest.fixture
def tables(registered_tables: TableVersions) -> TableVersions:
    """The alias is on the first version when a test begins."""
    registered_tables.store.point(registered_tables.first, name=NAME)
    return registered_tables
