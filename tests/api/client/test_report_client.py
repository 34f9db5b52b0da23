"""Reports through both clients, on a real server."""

import pytest
from mlflow import MlflowClient

from api.client import RequestRefusedError
from api.reports.schemas import Language
from tests.api.client.both_clients import Call
from tests.api.reports.parsed_page import parsed
from tests.servers import Server


def test_a_report_is_a_page_and_is_stored_if_asked(call: Call, server: Server) -> None:
    client = MlflowClient(server.url)
    ids = [client.create_run("0", run_name=f"run {name}").info.run_id for name in "ab"]

    alone = call(server.url, "report", ids[:1])
    both = call(server.url, "report", ids, language=Language.FR, store=True)

    assert parsed(alone.html).problems == parsed(both.html).problems == []
    assert alone.stored_as is None
    assert both.stored_as == f"{ids[0]}/reports/{both.file_name}"
    assert both.file_name.startswith("comparison-")
    with pytest.raises(RequestRefusedError, match="no run"):
        call(server.url, "report", ["0" * 32])
    with pytest.raises(RequestRefusedError) as refused:
        call(server.url, "project_report", "../x")
    assert refused.value.status == 404
