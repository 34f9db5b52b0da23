# Generated from async_run_table.py by `python -m api.client.generate`: change that file instead.
"""The table of runs, comparisons and saved views, for FoveaClient."""

from collections.abc import Sequence
from typing import Literal

from api.client.blocking_http import BlockingHttp
from api.client.request import path_segment
from api.pages import Listed
from api.runs.table.schemas import LoggedNames, RunComparison, RunGroup, RunRow
from api.saved_views.schemas import SavedView, ViewDeleted, ViewPage


class RunTable:
    """The methods of the client about many runs at once; `filter` is in MLflow's language."""

    _http: BlockingHttp

    def run_table(
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
        return self._http.get_page(
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

    def run_groups(
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
        return self._http.get_page(
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

    def logged_names(
        self,
        kind: Literal["params", "metrics", "tags"],
        *,
        contains: str | None = None,
        experiment: str | None = None,
        limit: int | None = None,
    ) -> LoggedNames:
        """The names of params, metrics or tags that some run has."""
        return self._http.get(
            "/api/runs/names",
            LoggedNames,
            kind=kind,
            contains=contains,
            experiment=experiment,
            limit=limit,
        )

    def compare_runs(self, run_ids: Sequence[str]) -> RunComparison:
        """The params and newest metrics of up to 200 runs, and where they differ."""
        return self._http.get("/api/runs/comparison", RunComparison, run_id=list(run_ids))

    def saved_views(
        self,
        *,
        page: ViewPage | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> Listed[SavedView]:
        """The saved views by name, of one page or of all."""
        return self._http.get_page(
            "/api/v1/views", list[SavedView], page=page, limit=limit, offset=offset
        )

    def saved_view(self, view_id: str) -> SavedView:
        return self._http.get(f"/api/v1/views/{path_segment(view_id)}", SavedView)

    def save_view(self, name: str, page: ViewPage, query: str) -> SavedView:
        """Save `query`, what follows the `?` in the page's address, by a name that is free."""
        body = {"name": name, "page": page, "query": query}
        return self._http.post("/api/v1/views", SavedView, body)

    def rename_view(self, view_id: str, name: str) -> SavedView:
        path = f"/api/v1/views/{path_segment(view_id)}"
        return self._http.patch(path, SavedView, {"name": name})

    def delete_view(self, view_id: str) -> ViewDeleted:
        """Delete a saved view; the runs that it shows stay."""
        return self._http.delete(f"/api/v1/views/{path_segment(view_id)}", ViewDeleted)
