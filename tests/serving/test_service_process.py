"""The service as a process of its own: it takes up a model that comes later."""

import asyncio
from pathlib import Path

import pytest

from serving.client import DiagnosisServiceError, DicomDiagnosticClient
from serving.errors import Reason
from tests.serving.diagnosis.drawn_images import fundus
from tests.serving.engine.registered import Store, tiny_backbone, tiny_network
from tests.serving.server.eye_files import png
from tests.serving.server.fakes import PATIENT
from tests.serving.started import END_TIMEOUT_S, started_service

pytestmark = pytest.mark.anyio


async def test_a_service_without_a_model_says_what_to_do_and_takes_one_up_once_it_is_there(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path / "registry")
    path = tmp_path / f"{PATIENT}_OD.png"
    path.write_bytes(png(fundus()))
    settings = {"tracking_uri": store.uri, "poll_s": 0.2, "device": "cpu", "decode_workers": 1}
    with started_service(tmp_path, **settings) as service:
        async with service.client() as client:
            health = await client.health_check(timeout_s=END_TIMEOUT_S)
            assert not health.is_healthy
            with pytest.raises(DiagnosisServiceError) as refused:
                await client.diagnose_dicom(path)
            assert refused.value.reason == Reason.MODEL_NOT_LOADED
            version = registered(store)
            await until_healthy(client)
            diagnosis = await client.diagnose_dicom(path, include_gradcam=True)
        assert diagnosis.result.model.version == version
        assert diagnosis.images[0].laterality_source == "file_name"
        assert diagnosis.images[0].HasField("heat_map")
        assert PATIENT not in str(diagnosis)

    assert service.process.returncode == 0
    assert PATIENT not in service.log.read_text()


def registered(store: Store) -> str:
    backbone = tiny_backbone()
    version = store.register(tiny_network(backbone), backbone)
    store.point(version)
    return version


async def until_healthy(client: DicomDiagnosticClient) -> None:
    async with asyncio.timeout(END_TIMEOUT_S):
        while not (await client.health_check()).is_healthy:  # noqa: ASYNC110 - it sends no event
            await asyncio.sleep(0.05)
