"""Keeps projects in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, delete, insert, select, update

from api.pages import Listed, Page
from api.projects.inspection import Inspection
from api.projects.records import (
    GivenAnswer,
    GivenOverride,
    Project,
    ProjectKind,
    ProjectSettings,
    ProjectState,
)
from api.storage.database import Database, page_of
from api.storage.tables import projects

_answers = TypeAdapter(tuple[GivenAnswer, ...])
_overrides = TypeAdapter(tuple[GivenOverride, ...])


@dataclass(frozen=True)
class ProjectRun:
    """The part of a project that its status is found by."""

    project_id: str
    state: ProjectState
    run_id: str | None


class ProjectStore:
    """Blocking; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, project: Project) -> None:
        with self._database.begin() as connection:
            connection.execute(insert(projects).values(**_values(project)))

    def save(self, project: Project) -> None:
        with self._database.begin() as connection:
            connection.execute(
                update(projects)
                .where(projects.c.project_id == project.project_id)
                .values(**_values(project))
            )

    def remove(self, project_id: str) -> None:
        with self._database.begin() as connection:
            connection.execute(delete(projects).where(projects.c.project_id == project_id))

    def find(self, project_id: str) -> Project | None:
        query = select(projects).where(projects.c.project_id == project_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _project(row)

    def unfinished(self) -> list[Project]:
        """The projects for which the server was about to do something."""
        states = (ProjectState.STARTING, ProjectState.DELETING)
        query = select(projects).where(projects.c.state.in_(states))
        with self._database.read() as connection:
            return [_project(row) for row in connection.execute(query)]

    def listed(self, workspace: str | None, page: Page) -> Listed[Project]:
        """Newest first."""
        query = select(projects).where(projects.c.workspace == workspace)
        newest_first = query.order_by(projects.c.created_ms.desc(), projects.c.project_id)
        with self._database.read() as connection:
            return page_of(connection, newest_first, page, _project)

    def runs(self, workspace: str | None) -> list[ProjectRun]:
        """Of all projects, newest first."""
        query = (
            select(projects.c.project_id, projects.c.state, projects.c.run_id)
            .where(projects.c.workspace == workspace)
            .order_by(projects.c.created_ms.desc(), projects.c.project_id)
        )
        with self._database.read() as connection:
            return [
                ProjectRun(row.project_id, ProjectState(row.state), row.run_id)
                for row in connection.execute(query)
            ]

    def of_ids(self, project_ids: Sequence[str]) -> list[Project]:
        """In the order of the ids; of a page of them."""
        query = select(projects).where(projects.c.project_id.in_(project_ids))
        with self._database.read() as connection:
            found = {row.project_id: _project(row) for row in connection.execute(query)}
        return [found[it] for it in project_ids if it in found]


def _values(project: Project) -> dict[str, Any]:
    return {
        **{column.name: getattr(project, column.name) for column in projects.c},
        "inspection": project.inspection.model_dump_json(),
        "settings": project.settings.model_dump_json(),
        "answers": _answers.dump_json(project.answers).decode(),
        "overrides": _overrides.dump_json(project.overrides).decode(),
    }


def _project(row: Row[tuple[object, ...]]) -> Project:
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return Project(
        **{
            **fields,
            "state": ProjectState(row.state),
            "kind": ProjectKind(row.kind),
            "inspection": Inspection.model_validate_json(row.inspection),
            "settings": ProjectSettings.model_validate_json(row.settings),
            "answers": _answers.validate_json(row.answers),
            "overrides": _overrides.validate_json(row.overrides),
        }
    )
