"""The table of runs, comparisons and saved views, for AsyncFoveaClient."""

from collections.abc import Sequence
from typing import Literal

from api.client.async_http import AsyncHttp
from api.client.request import path_segment
from api.pages import Listed
from api.runs.table.schemas import LoggedNames, RunComparison, RunGroup, RunRow
from api.saved_views.schemas import SavedView, ViewDeleted, ViewPage


class AsyncRunTable:
    """The methods of the client about many runs at once; `filter` is in MLflow's language."""

    _http: AsyncHttp

    async def run_table(
        self,
        *,
        filter: str | None = None,  # noqa: A002 - as MLflow calls it
        name: str | None = None,
        experiment: str | None = None,
        columns: Sequence[str] = (),
        order_by: str | None = None,
        descending: bool | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> Listed[RunRow]:
        """The matching runs with `columns` such as `metrics.loss`, newest first or by `order_by`."""
        return await self._http.get_page(
            "/api/runs/table",
            list[RunRow],
            filter=filter,
            name=name,
            experiment=experiment,
            columns=list(columns),
            order_by=order_by,
            descending=descending,
            limit=limit,
            offset=offset,
        )

    async def run_groups(
        self,
        by: str,
        *,
        metrics: Sequence[str] = (),
        filter: str | None = None,  # noqa: A002 - as MLflow calls it
        name: str | None = None,
        experiment: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> Listed[RunGroup]:
        """The matching runs by their value of `by`, such as `params.lr`, with mean and spread."""
        return await self._http.get_page(
            "/api/runs/groups",
            list[RunGroup],
            by=by,
            metrics=list(metrics),
            filter=filter,
            name=name,
            experiment=experiment,
            limit=limit,
            offset=offset,
        )

    async def logged_names(
        self,
        kind: Literal["params", "metrics", "tags"],
        *,
        contains: str | None = None,
        experiment: str | None = None,
        limit: int | None = None,
    ) -> LoggedNames:
        """The names of params, metrics or tags that some run has."""
        return await self._http.get(
            "/api/runs/names",
            LoggedNames,
            kind=kind,
            contains=contains,
            experiment=experiment,
            limit=limit,
        )

    async def compare_runs(self, run_ids: Sequence[str]) -> RunComparison:
        """The params and newest metrics of up to 200 runs, and where they differ."""
        return await self._http.get("/api/runs/comparison", RunComparison, run_id=list(run_ids))

    async def saved_views(
        self,
        *,
        page: ViewPage | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> Listed[SavedView]:
        """The saved views by name, of one page or of all."""
        return await self._http.get_page(
            "/api/v1/views", list[SavedView], page=page, limit=limit, offset=offset
        )

    async def saved_view(self, view_id: str) -> SavedView:
        return await self._http.get(f"/api/v1/views/{path_segment(view_id)}", SavedView)

    async def save_view(self, name: str, page: ViewPage, query: str) -> SavedView:
        """Save `query`, what follows the `?` in the page's address, by a name that is free."""
        body = {"name": name, "page": page, "query": query}
        return await self._http.post("/api/v1/views", SavedView, body)

    async def rename_view(self, view_id: str, name: str) -> SavedView:
        path = f"/api/v1/views/{path_segment(view_id)}"
        return await self._http.patch(path, SavedView, {"name": name})

    async def delete_view(self, view_id: str) -> ViewDeleted:
        """Delete a saved view; the runs that it shows stay."""
        return await self._http.delete(f"/api/v1/views/{path_segment(view_id)}", ViewDeleted)
