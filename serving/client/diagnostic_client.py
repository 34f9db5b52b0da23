"""Asks the diagnosis service about image files."""

import uuid
from collections.abc import AsyncIterator, Sequence
from typing import Any

from serving.client.connected_client import AnyPath, ConnectedClient
from serving.client.files import batch_messages, patient_messages, readable
from serving.v1 import diagnosis_pb2 as messages
from serving.v1.diagnosis_pb2_grpc import DiagnosisServiceStub
from tracking_plugin.sent_status import sent_status

HEALTH_TIMEOUT_S = 5.0


class DicomDiagnosticClient(ConnectedClient):
    """Its methods raise DiagnosisServiceError, and OSError for a file that cannot be read.

    The deadline of a batch is that of all its images.
    """

    async def health_check(self, *, timeout_s: float = HEALTH_TIMEOUT_S) -> messages.HealthResponse:
        """The state of the service, its model and its GPU."""
        with self._errors():
            answer: messages.HealthResponse = await self._stub().Health(
                messages.HealthRequest(), timeout=timeout_s, metadata=self._address.metadata
            )
        return answer

    async def diagnose_dicom(
        self,
        dicom_path: AnyPath,
        confidence_threshold: float = 0.5,
        include_segmentation: bool = False,
        include_gradcam: bool = False,
        **options: Any,
    ) -> messages.Diagnosis:
        """The diagnosis of one file of any kind that the service reads.

        `options` are further fields of DiagnosisOptions, such as `include_dicom`.
        """
        return await self.diagnose_patient(
            [dicom_path],
            confidence_threshold=confidence_threshold,
            include_segmentation=include_segmentation,
            include_gradcam=include_gradcam,
            **options,
        )

    async def diagnose_patient(
        self, paths: Sequence[AnyPath], **options: Any
    ) -> messages.Diagnosis:
        """One diagnosis of the images of one patient; `options` are fields of DiagnosisOptions."""
        parsed = messages.DiagnosisOptions(**options)
        requests = patient_messages(readable(paths), parsed)
        with self._errors():
            call = self._stub().Diagnose(
                requests, timeout=self._timeout_s, metadata=self._address.metadata
            )
            with sent_status(call):
                answer = await call
        diagnosis: messages.Diagnosis = answer.diagnosis
        return diagnosis

    async def diagnose_batch(
        self, dicom_paths: Sequence[AnyPath], confidence_threshold: float = 0.5, **options: Any
    ) -> list[messages.Diagnosis]:
        """One diagnosis for each file, in the order of the files.

        That of an image that failed has the status "error".
        """
        found = [
            (position, diagnosis)
            async for position, diagnosis in self.stream_batch(
                dicom_paths, confidence_threshold=confidence_threshold, **options
            )
        ]
        return [diagnosis for _, diagnosis in sorted(found, key=lambda each: each[0])]

    async def stream_batch(
        self, paths: Sequence[AnyPath], **options: Any
    ) -> AsyncIterator[tuple[int, messages.Diagnosis]]:
        """The position of a file and its diagnosis, as each is ready."""
        request_ids = [uuid.uuid4().hex for _ in paths]
        positions = {request_id: position for position, request_id in enumerate(request_ids)}
        requests = batch_messages(
            readable(paths), request_ids, messages.DiagnosisOptions(**options)
        )
        with self._errors():
            call = self._stub().DiagnoseBatch(
                requests, timeout=self._timeout_s, metadata=self._address.metadata
            )
            try:
                with sent_status(call):
                    async for answer in call:
                        yield positions[answer.diagnosis.request_id], answer.diagnosis
            finally:
                # Of no effect once the call has ended; else the caller wants no more answers.
                call.cancel()

    def _stub(self) -> Any:
        return DiagnosisServiceStub(self._open_channel())
