"""The Python clients of the service, and `python -m serving.client --health | FILE… | predict …`.

`DicomDiagnosticClient` asks about images, `TablePredictionClient` about rows of tables.
"""

from serving.client.diagnostic_client import DicomDiagnosticClient
from serving.client.errors import DiagnosisServiceError
from serving.client.prediction_client import TablePredictionClient

__all__ = ["DiagnosisServiceError", "DicomDiagnosticClient", "TablePredictionClient"]
