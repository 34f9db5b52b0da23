"""What is known of a run, before it becomes a report: nothing here is worded."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from api.alerts.records import Alert
from api.control.audit import CommandRecord
from api.pages import Listed
from api.projects.schemas import ProjectDetail
from api.reports.evaluations import Evaluation
from api.runs.series import Series
from api.runs.state import RunState
from tracking_plugin.names import RunStatus


@dataclass(frozen=True, kw_only=True)
class DatasetFact:
    """A data set that was logged as an input of the run; `context` is training, test and so on."""

    name: str
    digest: str
    source_type: str
    context: str
    profile: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class CodeFact:
    """What MLflow's tags say of the program; empty where they say nothing."""

    commit: str = ""
    branch: str = ""
    repository: str = ""
    program: str = ""
    user: str = ""


@dataclass(frozen=True, kw_only=True)
class LibraryFact:
    """The libraries that a logged model needs, as MLflow keeps them with it."""

    model: str
    python: str
    requirements: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class VersionFact:
    """A version in the model registry that this run has made."""

    name: str
    version: str
    aliases: tuple[str, ...]
    description: str
    created_ms: int | None


@dataclass(frozen=True, kw_only=True)
class PictureFact:
    """A PNG of a figure, drawn by another program, as a data URI."""

    name: str
    data_uri: str


@dataclass(frozen=True, kw_only=True)
class MlflowFacts:
    experiment_name: str
    note: str
    card: Mapping[str, str]
    """By the part of the tag's name after `fovea.card.`."""
    params: Mapping[str, str]
    tags: Mapping[str, str]
    """Those that the user has set."""
    code: CodeFact
    datasets: tuple[DatasetFact, ...]
    libraries: tuple[LibraryFact, ...]
    versions: tuple[VersionFact, ...]


@dataclass(frozen=True, kw_only=True)
class LoggedFacts:
    """What the run's artifacts and metrics hold beyond the newest values."""

    evaluations: tuple[Evaluation, ...] = ()
    pictures: tuple[PictureFact, ...] = ()
    not_shown: tuple[str, ...] = ()
    """Sentences of the run's own evidence about what could not be shown."""
    unreadable: tuple[str, ...] = ()
    """Paths of artifacts that exist but cannot be read."""
    curves: Mapping[str, Series] = field(default_factory=dict)
    num_curves_left_out: int = 0


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    state: RunState
    status: RunStatus
    elapsed_s: float | None
    mlflow: MlflowFacts
    logged: LoggedFacts
    alerts: Listed[Alert]
    commands: Listed[CommandRecord]


@dataclass(frozen=True, kw_only=True)
class ReportFacts:
    """`project` is that whose pipeline the only run is."""

    runs: tuple[RunFacts, ...]
    project: ProjectDetail | None = None
    made_ms: int
