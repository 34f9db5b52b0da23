"""The service class of the backend that used the earlier diagnosis server, with its own names and text.

It uses the client as that backend did; host and port are arguments here, and it does not retry or log.
"""

import logging
from typing import Any

from serving.client import DicomDiagnosticClient

logger = logging.getLogger(__name__)


class GRPCDiagnosticService:
    def __init__(self, host: str, port: int) -> None:
        self._client = DicomDiagnosticClient(host=host, port=port)

    async def health_check(self) -> dict[str, Any]:
        try:
            response = await self._client.health_check()
            return {  # noqa: TRY300 - as it was written
                "status": "healthy" if response.is_healthy else "unhealthy",
                "gpu": response.gpu_status,
                "gpu_memory_used": response.gpu_memory_used_mb,
                "gpu_memory_total": response.gpu_memory_total_mb,
                "model": response.model_loaded,
                "uptime": response.uptime_seconds,
            }
        except Exception as e:  # noqa: BLE001 - as it was written
            return {"status": "error", "message": str(e)}

    async def diagnose_dicom(
        self,
        dicom_path: str,
        confidence_threshold: float = 0.5,
        include_segmentation: bool = False,
        include_gradcam: bool = False,
    ) -> dict[str, Any] | None:
        response = await self._client.diagnose_dicom(
            dicom_path=dicom_path,
            confidence_threshold=confidence_threshold,
            include_segmentation=include_segmentation,
            include_gradcam=include_gradcam,
        )
        if not response:
            return None
        return self._convert_response_to_dict(response)

    async def diagnose_batch(
        self, dicom_paths: list[str], confidence_threshold: float = 0.5
    ) -> list[dict[str, Any]]:
        responses = await self._client.diagnose_batch(
            dicom_paths=dicom_paths, confidence_threshold=confidence_threshold
        )
        return [self._convert_response_to_dict(response) for response in responses]

    def _convert_response_to_dict(self, response: Any) -> dict[str, Any]:
        result = response.result

        return {
            "request_id": response.request_id,
            "status": response.status,
            "model_used": result.model_used,
            "processing_time": result.processing_time_seconds,
            "classification": {
                "primary_diagnosis": result.classification.primary_diagnosis,
                "confidence": result.classification.confidence,
                "probabilities": {
                    prob.class_name: prob.probability
                    for prob in result.classification.class_probabilities
                },
            },
            "findings": [
                {
                    "finding_id": f.finding_id,
                    "pathology": f.pathology,
                    "description": f.description,
                    "location": f.location,
                    "severity": f.severity,
                    "confidence": f.confidence,
                }
                for f in result.findings
            ],
            "risk": {
                "score": result.risk.risk_score,
                "level": result.risk.risk_level,
                "category": result.risk.risk_category,
                "urgency": result.risk.urgency_level,
            },
            "recommendations": list(result.recommendations),
        }
