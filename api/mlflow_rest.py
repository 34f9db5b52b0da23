"""The few questions that `fovea demo` asks MLflow over REST."""

from dataclasses import dataclass

import httpx

from api.errors import ApiError

_TIMEOUT_S = 30.0


@dataclass(frozen=True, kw_only=True)
class FoundRun:
    """One MLflow run and where its page is."""

    run_id: str
    experiment_id: str
    status: str

    def page(self, server_url: str) -> str:
        return f"{experiment_page(server_url, self.experiment_id)}/runs/{self.run_id}"


def experiment_page(server_url: str, experiment_id: str) -> str:
    return f"{server_url}/#/experiments/{experiment_id}"


def first_run(server_url: str, experiment_name: str, since_ms: int) -> FoundRun | None:
    """The run that an experiment got first since `since_ms`, if it got one."""
    with httpx.Client(base_url=f"{server_url}/api/2.0/mlflow", timeout=_TIMEOUT_S) as client:
        try:
            experiment = client.get(
                "/experiments/get-by-name", params={"experiment_name": experiment_name}
            )
            if experiment.status_code == httpx.codes.NOT_FOUND:
                return None
            experiment_id = experiment.raise_for_status().json()["experiment"]["experiment_id"]
            query = {
                "experiment_ids": [experiment_id],
                "filter": f"attributes.start_time >= {since_ms}",
                "order_by": ["attributes.start_time ASC"],
                "max_results": 1,
            }
            found = client.post("/runs/search", json=query).raise_for_status().json()
        except httpx.HTTPError as error:
            raise ApiError(
                f"MLflow at {server_url} did not say how the run ended: {error}"
            ) from None
    runs = found.get("runs", [])
    return _found_run(runs[0]["info"]) if runs else None


def _found_run(info: dict[str, str]) -> FoundRun:
    return FoundRun(
        run_id=info["run_id"], experiment_id=info["experiment_id"], status=info["status"]
    )
