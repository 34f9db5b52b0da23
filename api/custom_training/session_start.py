"""Starts sessions: what custom trainings and predictions of registered models have in common."""

from typing import ClassVar

from api.control.audit import Issuer
from api.custom_training.nasa_uploads import NasaUploads
from api.custom_training.schemas import SessionStarted
from api.projects.folders import ProjectFolders
from api.projects.inspection import Inspection
from api.projects.received import ReceivedProject
from api.projects.service import ProjectService


class SessionStart:
    """A session is a project without an open question, so that its job starts at once."""

    message: ClassVar[str]
    """Of the answer."""

    def __init__(
        self, projects: ProjectService, folders: ProjectFolders, tables: NasaUploads
    ) -> None:
        self._projects = projects
        self._folders = folders
        self._tables = tables

    async def start(
        self,
        project: ReceivedProject,
        found: Inspection,
        workspace: str | None,
        tracking_uri: str,
        issuer: Issuer,
    ) -> SessionStarted:
        created = await self._projects.create(project, found, workspace, tracking_uri, issuer)
        stored = await self._projects.find(created.project_id, workspace)
        # Without a question, the job has been created.
        assert stored.run_id is not None
        return SessionStarted(
            session_id=stored.run_id, project_id=stored.project_id, message=self._message(project)
        )

    def _message(self, _project: ReceivedProject) -> str:
        return self.message
