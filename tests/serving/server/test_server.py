"""The server around the methods: health, reflection, tokens, TLS, ports, keep-alive, drain."""

import asyncio
import urllib.request
from pathlib import Path

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from serving.server.endpoint import keep_alive_options
from serving.server.metrics import Metrics, start_metrics_server
from serving.server.server import DiagnosisServer
from serving.server.spool import Spool
from serving.settings import ServingSettings, StartError
from serving.v1 import diagnosis_pb2 as messages
from serving.v1.diagnosis_pb2_grpc import DiagnosisServiceStub
from tests.certificates import self_signed
from tests.ports import LOOPBACK, free_port
from tests.serving.server.fake_tables import no_tables
from tests.serving.server.fakes import FakeEngine, FakePipeline
from tests.serving.server.running import (
    CALL_TIMEOUT_S,
    Running,
    eventually,
    image,
    running,
    served_model,
)

pytestmark = pytest.mark.anyio

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING

PING_INTERVAL_MS = 1000
"""gRPC's client sends no more pings than one a second, whatever it is told."""


async def test_health_has_the_fields_of_a_loaded_model(tmp_path: Path) -> None:
    async with running(tmp_path) as served:
        answer = await served.stub.Health(messages.HealthRequest(), timeout=CALL_TIMEOUT_S)

    assert answer.is_healthy
    assert answer.model_loaded == "fovea-retinal 1"
    assert (answer.model.version, answer.model.run_id) == ("1", "run-1")
    assert answer.engine == "embedded"
    assert answer.gpu_status
    assert answer.uptime_seconds > 0
    assert answer.message == ""


async def test_without_a_model_the_service_is_up_and_says_what_to_do_until_there_is_one(
    tmp_path: Path,
) -> None:
    engine = FakeEngine()
    async with running(tmp_path, engine=engine) as served:
        answer = await served.stub.Health(messages.HealthRequest(), timeout=CALL_TIMEOUT_S)
        assert not answer.is_healthy
        assert answer.model_loaded == ""
        assert "train one" in answer.message
        watch = health_pb2_grpc.HealthStub(served.channel).Watch(
            health_pb2.HealthCheckRequest(service="serving.v1.DiagnosisService"),
            timeout=CALL_TIMEOUT_S,
        )
        assert (await watch.read()).status == NOT_SERVING
        engine.model = served_model()
        assert (await watch.read()).status == SERVING
        engine.model = None
        assert (await watch.read()).status == NOT_SERVING
        watch.cancel()


async def test_reflection_lists_the_services(tmp_path: Path) -> None:
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    async with running(tmp_path) as served:
        stub = reflection_pb2_grpc.ServerReflectionStub(served.channel)
        answers = [
            each async for each in stub.ServerReflectionInfo(iter([asked]), timeout=CALL_TIMEOUT_S)
        ]

    listed = {each.name for each in answers[0].list_services_response.service}
    assert {"serving.v1.DiagnosisService", "grpc.health.v1.Health"} <= listed


@pytest.mark.parametrize(
    "metadata",
    [
        (),
        (("authorization", "Bearer wrong"),),
        (("authorization", "secret"),),
        (("authorization", "Bearer secret"), ("authorization", "Bearer wrong")),
    ],
)
async def test_a_caller_without_the_token_is_refused(
    tmp_path: Path, metadata: tuple[tuple[str, str], ...]
) -> None:
    async with running(tmp_path, token="secret") as served:
        for call in (
            served.stub.DiagnoseImage(image(), metadata=metadata, timeout=CALL_TIMEOUT_S),
            served.stub.Health(messages.HealthRequest(), metadata=metadata, timeout=CALL_TIMEOUT_S),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await call
            assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED
            assert "Bearer <token>" in str(raised.value.details())

    assert served.pipeline.files == []
    refused = served.metrics.registry.get_sample_value("fovea_serving_unauthenticated_total")
    assert refused == 2


async def test_the_token_admits_and_load_balancers_need_none(tmp_path: Path) -> None:
    metadata = (("authorization", "Bearer secret"),)
    async with running(tmp_path, token="secret") as served:
        answer = await served.stub.DiagnoseImage(image(), metadata=metadata, timeout=CALL_TIMEOUT_S)
        assert answer.diagnosis.status == "success"
        assert await checked(served.channel) == SERVING
        watch = health_pb2_grpc.HealthStub(served.channel).Watch(
            health_pb2.HealthCheckRequest(), timeout=CALL_TIMEOUT_S
        )
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await watch.read()
        assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def checked(channel: grpc.aio.Channel) -> int:
    stub = health_pb2_grpc.HealthStub(channel)
    answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=CALL_TIMEOUT_S)
    return int(answer.status)


async def test_tls_serves_who_trusts_the_certificate_and_nobody_in_the_clear(
    tmp_path: Path,
) -> None:
    signed = self_signed(tmp_path)
    trusted = grpc.ssl_channel_credentials(signed.certificate.read_bytes())
    tls = {"tls_certificate": signed.certificate, "tls_key": tmp_path / "key.pem"}
    async with running(tmp_path, **tls) as served:
        async with grpc.aio.secure_channel(served.address, trusted) as channel:
            answer = await DiagnosisServiceStub(channel).DiagnoseImage(
                image(), timeout=CALL_TIMEOUT_S
            )
            assert answer.diagnosis.status == "success"
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await served.stub.DiagnoseImage(image(), timeout=CALL_TIMEOUT_S)
        assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("broken", ["missing", "no certificate"])
async def test_a_broken_certificate_is_named(tmp_path: Path, broken: str) -> None:
    certificate = tmp_path / "chain.pem"
    if broken == "no certificate":
        certificate.write_text("hello")
    with pytest.raises(StartError, match="FOVEA_SERVING_TLS_CERTIFICATE"):
        async with running(tmp_path, tls_certificate=certificate, tls_key=certificate):
            pass


async def test_a_taken_port_is_named(tmp_path: Path) -> None:
    async with running(tmp_path) as served:
        second = another(served, tmp_path, port=served.port)
        with pytest.raises(StartError, match=f"port {served.port} .* taken .* --port"):
            await second.start()


def another(served: Running, folder: Path, port: int) -> DiagnosisServer:
    settings = ServingSettings(port=port)
    return DiagnosisServer(
        settings,
        pipeline=FakePipeline(),
        engine=served.engine,
        tables=no_tables(settings),
        spool=Spool(folder / "other", max_bytes=1),
        metrics=Metrics(),
    )


async def test_a_client_that_pings_without_calls_keeps_its_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorter = keep_alive_options(PING_INTERVAL_MS // 2)
    monkeypatch.setattr("serving.server.endpoint.keep_alive_options", lambda: shorter)
    allowed = asyncio.create_task(loses_its_connection(tmp_path / "allowed"))
    # Its server reads the options before it first waits.
    await asyncio.sleep(0)
    monkeypatch.setattr("serving.server.endpoint.keep_alive_options", dict)
    refused = asyncio.create_task(loses_its_connection(tmp_path / "refused"))

    assert (await allowed, await refused) == (False, True)


async def loses_its_connection(folder: Path) -> bool:
    """Whether a client that pings without calls is sent away within some pings."""
    pinging = [
        ("grpc.keepalive_time_ms", PING_INTERVAL_MS),
        ("grpc.keepalive_timeout_ms", 5000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
    ]
    async with running(folder, channel_options=pinging) as served:
        await checked(served.channel)
        ready = grpc.ChannelConnectivity.READY
        assert served.channel.get_state() is ready
        try:
            async with asyncio.timeout(6 * PING_INTERVAL_MS / 1000):
                await served.channel.wait_for_state_change(ready)
        except TimeoutError:
            return False
        return True


def test_bs_client_may_ping_each_10_seconds() -> None:
    options = keep_alive_options()

    assert options["grpc.http2.min_ping_interval_without_data_ms"] < 10_000
    assert options["grpc.keepalive_permit_without_calls"] == 1


async def test_a_drain_ends_what_has_begun_and_accepts_nothing_new(tmp_path: Path) -> None:
    pipeline = FakePipeline()
    pipeline.may_answer.clear()
    async with running(tmp_path, pipeline=pipeline) as served:
        call = served.stub.DiagnoseImage(image(), timeout=CALL_TIMEOUT_S)
        watch = health_pb2_grpc.HealthStub(served.channel).Watch(
            health_pb2.HealthCheckRequest(), timeout=CALL_TIMEOUT_S
        )
        assert (await watch.read()).status == SERVING
        await pipeline.began.wait()
        stopping = asyncio.create_task(served.server.stop(CALL_TIMEOUT_S))
        assert (await watch.read()).status == NOT_SERVING
        watch.cancel()
        async with grpc.aio.insecure_channel(served.address) as late:
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await DiagnosisServiceStub(late).DiagnoseImage(image(), timeout=CALL_TIMEOUT_S)
        assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
        pipeline.may_answer.set()
        assert (await call).diagnosis.status == "success"
        await stopping


async def test_a_drain_takes_no_longer_than_it_may(tmp_path: Path) -> None:
    pipeline = FakePipeline()
    pipeline.may_answer.clear()
    async with running(tmp_path, pipeline=pipeline) as served:
        call = served.stub.DiagnoseImage(image(), timeout=CALL_TIMEOUT_S)
        await pipeline.began.wait()
        async with asyncio.timeout(CALL_TIMEOUT_S):
            await served.server.stop(0.1)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call
        assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
        await eventually(pipeline.cancelled.is_set)


async def test_prometheus_reads_requests_queues_and_the_model(tmp_path: Path) -> None:
    async with running(tmp_path) as served:
        await served.stub.DiagnoseImage(image("visit-7"), timeout=CALL_TIMEOUT_S)
        port = free_port()
        server = start_metrics_server(served.metrics, port)
        try:
            text = await asyncio.to_thread(page, f"http://{LOOPBACK}:{port}/metrics")
        finally:
            await asyncio.to_thread(server.shutdown)
            server.server_close()

    assert 'fovea_serving_requests_total{method="DiagnoseImage",status="OK"} 1.0' in text
    assert 'fovea_serving_request_seconds_count{method="DiagnoseImage"} 1.0' in text
    assert "fovea_serving_queue_length 0.0" in text
    assert 'fovea_serving_model_info{name="fovea-retinal",run_id="run-1",version="1"} 1.0' in text
    assert "visit-7" not in text


def page(url: str) -> str:
    with urllib.request.urlopen(url, timeout=CALL_TIMEOUT_S) as answer:
        return str(answer.read().decode())
