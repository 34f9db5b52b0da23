"""The middleware of Fovea's own routes and that in front of MLflow, in their order."""

from mlflow.environment_variables import MLFLOW_SERVER_X_FRAME_OPTIONS
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from api.middleware.admission import Admission, AdmissionMiddleware
from api.middleware.body_limit import BodyLimitMiddleware
from api.middleware.internal_errors import InternalErrorMiddleware
from api.middleware.mlflow_admission import MlflowAdmissionMiddleware
from api.middleware.mlflow_body_limit import MlflowBodyLimitMiddleware
from api.middleware.response_headers import ResponseHeadersMiddleware
from api.middleware.uploads import UploadMiddleware
from api.pages import TOTAL_COUNT_HEADER
from api.request_id import REQUEST_ID_HEADER, RequestIdMiddleware

_SMALLEST_COMPRESSED_BYTES = 1024
_COMPRESSION_LEVEL = 5


def with_middleware(
    app: ASGIApp,
    admission: Admission,
    *,
    max_request_bytes: int,
    max_upload_bytes: int | None = None,
) -> ASGIApp:
    """`app` with all middleware; a request passes the last one of these first.

    Without `max_upload_bytes`, uploads of images may be as large as any other request.
    """
    app = InternalErrorMiddleware(app)
    limited = BodyLimitMiddleware(app, max_request_bytes)
    app = UploadMiddleware(app, limited, max_upload_bytes or max_request_bytes)
    app = GZipMiddleware(
        app, minimum_size=_SMALLEST_COMPRESSED_BYTES, compresslevel=_COMPRESSION_LEVEL
    )
    app = CORSMiddleware(
        app,
        allow_origins=[str(origin) for origin in admission.origins],
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["*"],
        expose_headers=[REQUEST_ID_HEADER, TOTAL_COUNT_HEADER, "Retry-After"],
    )
    app = AdmissionMiddleware(app, admission)
    app = ResponseHeadersMiddleware(app, MLFLOW_SERVER_X_FRAME_OPTIONS.get())
    return RequestIdMiddleware(app)


def with_mlflow_middleware(mlflow: ASGIApp, admission: Admission) -> ASGIApp:
    """MLflow's application behind the checks that protect the server; its responses stay its own."""
    bounded = MlflowBodyLimitMiddleware(mlflow)
    return RequestIdMiddleware(MlflowAdmissionMiddleware(bounded, admission.hosts))
