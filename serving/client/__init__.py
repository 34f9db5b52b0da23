"""The Python client of the service: `DicomDiagnosticClient`, and `python -m serving.client --health | FILE…`."""

from serving.client.diagnostic_client import DicomDiagnosticClient
from serving.client.errors import DiagnosisServiceError

__all__ = ["DiagnosisServiceError", "DicomDiagnosticClient"]
