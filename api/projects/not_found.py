"""The error about a project that does not exist."""

from api.errors import ErrorCode, NotFoundError
from tracking_plugin.printable import printable


class ProjectNotFoundError(NotFoundError):
    """No project has that id, or it is in another workspace."""

    code = ErrorCode.PROJECT_NOT_FOUND

    def __init__(self, project_id: str) -> None:
        super().__init__(
            f"There is no project {printable(project_id, 64)!r}: GET /api/v1/projects lists them"
        )
