"""Other engines, which run in environments of their own."""

import sys
from pathlib import Path

import numpy as np
import pytest

from tests.training.tables.learners.made_examples import MULTICLASS, examples
from tests.training.tables.selection.made_tables import split_rows
from training.tables.errors import TableError
from training.tables.selection.autogluon_engine import AutoGluonEngine
from training.tables.selection.engine import EngineRequest
from training.tables.selection.tabicl_engine import TabICLEngine

FAKE = """
import json, os
import numpy as np, pandas as pd
from pathlib import Path

class TabularPredictor:
    def __init__(self, label, problem_type, eval_metric, path, groups, verbosity):
        self.path = Path(path)
    def fit(
        self, frame, time_limit, presets, dynamic_stacking, num_cpus, raise_on_no_models_fitted
    ):
        assert time_limit == 7 and set(frame["fold"]) == {0, 1, 2}
        assert presets == "best_quality"
        self.path.mkdir()
        shares = frame["target"].value_counts(normalize=True)
        (self.path / "shares.json").write_text(shares.to_json())
    def model_names(self):
        return os.environ["FAKE_MODELS"].split()
    def leaderboard(self, silent):
        return pd.DataFrame({"score_val": [-0.5, -0.7]})
    @classmethod
    def load(cls, path):
        return cls(None, None, None, path, None, 0)
    def predict_proba(self, frame):
        shares = json.loads((self.path / "shares.json").read_text())
        return pd.DataFrame({int(code): share for code, share in shares.items()}, frame.index)
"""


def request(folder: Path) -> EngineRequest:
    known = examples(MULTICLASS, 60)
    return EngineRequest(
        task=MULTICLASS,
        values=known.values,
        targets=known.targets,
        split=split_rows(60),
        budget_s=7,
        folder=folder,
    )


@pytest.fixture
def _fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "fake/autogluon"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "tabular.py").write_text('__version__ = "1.0"' + FAKE)
    (package / "__init__.py").write_text('__version__ = "1.0"')
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "fake"))
    monkeypatch.setenv("FAKE_MODELS", "one two")


@pytest.mark.usefixtures("_fake")
def test_autogluon_answers_over_files(tmp_path: Path) -> None:
    asked = request(tmp_path / "engine")
    result = AutoGluonEngine(Path(sys.executable)).fit(asked)
    assert (result.selection_metric, result.selection_score) == ("log_loss", 0.5)
    predicted = result.model.predict(asked.values[:4])
    assert predicted.shape == (4, 3)
    assert predicted.sum(axis=1) == pytest.approx(1)
    assert np.ptp(predicted, axis=0).max() == 0


@pytest.mark.usefixtures("_fake")
def test_autogluon_without_time_for_a_model_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_MODELS", "")
    with pytest.raises(TableError, match=r"no model within its seconds\. Give it a larger budget"):
        AutoGluonEngine(Path(sys.executable)).fit(request(tmp_path / "engine"))


def test_an_environment_without_autogluon_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"found nothing\. Make an environment for it"):
        AutoGluonEngine(None).fit(request(tmp_path / "a"))
    with pytest.raises(TableError, match=r"no autogluon\.tabular\. Make an environment"):
        AutoGluonEngine(Path(sys.executable)).fit(request(tmp_path / "b"))


def test_tabicl_says_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"found nothing\. Install it"):
        TabICLEngine(None, None).require()
    with pytest.raises(TableError, match=r"file of a checkpoint of TabICL, but found nothing"):
        TabICLEngine(Path(sys.executable), None).require()
    with pytest.raises(TableError, match=r"found .*/none\.ckpt\. Download one"):
        TabICLEngine(Path(sys.executable), tmp_path / "none.ckpt").require()


@pytest.mark.parametrize(
    "answer", ["np.ones((4, 2))", "np.full((4, 3), np.nan)", "np.array([{}], dtype=object)"]
)
def test_an_engine_that_answers_something_else_is_refused(tmp_path: Path, answer: str) -> None:
    python = tmp_path / "python"
    python.write_text(
        f"#!{sys.executable}\nimport sys\nimport numpy as np\nwork = sys.argv[-1]\n"
        f"np.save(work + '/predictions.npy', {answer})\n"
        "open(work + '/report.json', 'w').write('{}')\n"
    )
    python.chmod(0o700)
    asked = request(tmp_path / "engine")
    model = AutoGluonEngine(python).fit(asked).model
    with pytest.raises(TableError, match="Expected predictions of 4 rows and 3 outputs"):
        model.predict(asked.values[:4])
