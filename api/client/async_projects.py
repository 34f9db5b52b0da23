"""Projects, for AsyncFoveaClient."""

from api.client.async_http import AsyncHttp
from api.client.report_page import ReportPage
from api.client.request import REPORT_TIMEOUT_S, path_segment
from api.pages import Listed
from api.projects.schemas import GalaxyProject
from api.reports.schemas import Language


class AsyncProjects:
    """The methods of the client about projects."""

    _http: AsyncHttp

    async def galaxy(
        self, *, limit: int | None = None, offset: int | None = None
    ) -> Listed[GalaxyProject]:
        """The projects, newest first, each with its number of runs and at most 24 of them."""
        return await self._http.get_page(
            "/api/v1/projects/galaxy", list[GalaxyProject], limit=limit, offset=offset
        )

    async def project_report(
        self,
        project_id: str,
        *,
        language: Language = Language.EN,
        store: bool = False,
        timeout_s: float = REPORT_TIMEOUT_S,
    ) -> ReportPage:
        """A report on a project; refused with status 409 before its pipeline has a run."""
        path = f"/api/v1/projects/{path_segment(project_id)}/report"
        body = {"language": language, "store": store}
        return await self._http.post_report(path, body, timeout_s=timeout_s)
