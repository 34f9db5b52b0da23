"""Makes reports: gathers the facts, renders the page, and keeps it as an artifact if that is asked for."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from api.alerts.selections import AlertQuery
from api.alerts.service import AlertService
from api.control.service import ControlService
from api.errors import ConflictError, TooLargeError, UnavailableError
from api.pages import Page
from api.projects.schemas import ProjectDetail
from api.projects.service import ProjectService
from api.reports.facts import LoggedFacts, MlflowFacts, ReportFacts, RunFacts
from api.reports.logged_facts import LoggedFactReader
from api.reports.mlflow_facts import MlflowFactReader
from api.reports.page import render_report
from api.reports.schemas import Language, ReportOptions
from api.reports.words import Words
from api.runs.reader import RunReader
from api.runs.state import RunState
from api.runs.status import training_status
from api.runs.workspaces import within
from api.runs.writer import RunWriter
from api.timestamps import unix_ms, utc

FOLDER = "reports"
"""The artifact folder of stored reports."""
MOST_AT_ONCE = 2
MOST_WAITING = 8
LARGEST_PAGE = 20 * 1024 * 1024
MOST_ALERTS = 200
MOST_COMMANDS = 200


@dataclass(frozen=True)
class Report:
    """`stored_as` is the run and the artifact path of a page that is kept."""

    html: str
    file_name: str
    stored_as: tuple[str, str] | None = None


@dataclass(frozen=True)
class _Read:
    state: RunState
    mlflow: MlflowFacts
    logged: LoggedFacts


class ReportService:
    """One per process."""

    def __init__(
        self,
        reader: RunReader,
        writer: RunWriter,
        *,
        alerts: AlertService,
        control: ControlService,
        projects: ProjectService,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._alerts = alerts
        self._control = control
        self._projects = projects
        self._mlflow_facts = MlflowFactReader(reader)
        self._logged_facts = LoggedFactReader(reader)
        self._free = asyncio.Semaphore(MOST_AT_ONCE)
        self._num_waiting = 0

    async def of_runs(
        self, run_ids: Sequence[str], workspace: str | None, options: ReportOptions
    ) -> Report:
        """One run, or several that are compared.

        Raises RunNotFoundError, ConflictError for a deleted run, TooLargeError, or UnavailableError
        while too many reports are being made.
        """
        return await self._report(list(dict.fromkeys(run_ids)), workspace, options, None)

    async def of_project(
        self, project_id: str, workspace: str | None, options: ReportOptions
    ) -> Report:
        """Raises ProjectNotFoundError, ConflictError before its pipeline has a run, and as `of_runs`."""
        project = await self._projects.detail(project_id, workspace)
        if project.run_id is None:
            raise ConflictError(
                "The project has no run yet: answer its question first, and report on it once the "
                "pipeline has begun"
            )
        return await self._report([project.run_id], workspace, options, project)

    async def _report(
        self,
        run_ids: Sequence[str],
        workspace: str | None,
        options: ReportOptions,
        project: ProjectDetail | None,
    ) -> Report:
        async with self._turn():
            num = len(run_ids)
            runs = [await self._run(it, workspace, options, num) for it in run_ids]
            facts = ReportFacts(runs=tuple(runs), project=project, made_ms=unix_ms())
            html = await asyncio.to_thread(render_report, facts, options.language)
        content = html.encode("utf-8")
        if len(content) > LARGEST_PAGE:
            raise TooLargeError(
                f"The report would have more than {LARGEST_PAGE} bytes: report on fewer runs"
            )
        name = _file_name(facts, content, options.language)
        if not options.store:
            return Report(html, name)
        path = f"{FOLDER}/{name}"
        await self._store(run_ids[0], workspace, content, path)
        return Report(html, name, (run_ids[0], path))

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """While inside, this is one of few reports that are being made."""
        if self._num_waiting >= MOST_WAITING:
            raise UnavailableError(
                "Too many reports are being made: try again later", retry_after_s=5
            )
        self._num_waiting += 1
        try:
            async with self._free:
                yield
        finally:
            self._num_waiting -= 1

    async def _run(
        self, run_id: str, workspace: str | None, options: ReportOptions, num_runs: int
    ) -> RunFacts:
        read = await asyncio.to_thread(self._read, run_id, workspace, options.language, num_runs)
        status = training_status(read.state, unix_ms())
        alerts = await self._alerts.listed(
            workspace, AlertQuery(run_id=run_id), Page(limit=MOST_ALERTS)
        )
        commands = await self._control.history(run_id, workspace, Page(limit=MOST_COMMANDS))
        return RunFacts(
            state=read.state,
            status=status.status,
            elapsed_s=status.elapsed_time,
            mlflow=read.mlflow,
            logged=read.logged,
            alerts=alerts,
            commands=commands,
        )

    def _read(self, run_id: str, workspace: str | None, language: Language, num_runs: int) -> _Read:
        with within(workspace):
            state = self._reader.state(run_id, recent_steps=0)
            if state.deleted:
                raise ConflictError(
                    f"The run {run_id} is deleted: restore it in MLflow, then report on it"
                )
            others = Words(language)("others")
            return _Read(
                state,
                self._mlflow_facts.read(run_id, is_short=num_runs > 1),
                self._logged_facts.read(state, num_runs=num_runs, others=others),
            )

    async def _store(self, run_id: str, workspace: str | None, content: bytes, path: str) -> None:
        with tempfile.TemporaryDirectory(prefix="fovea-report-") as folder:
            file = Path(folder) / "report.html"
            await asyncio.to_thread(file.write_bytes, content)
            await self._writer.store_artifact(run_id, workspace, file, path)


def _file_name(facts: ReportFacts, content: bytes, language: Language) -> str:
    """With the beginning of the page's SHA-256, by which a printed file can be recognised."""
    when = utc(facts.made_ms).strftime("%Y%m%dT%H%M%SZ")
    kind = "comparison" if len(facts.runs) > 1 else "model-card"
    return f"{kind}-{when}-{language}-{hashlib.sha256(content).hexdigest()[:8]}.html"
