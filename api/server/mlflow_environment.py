"""Prepares MLflow as `mlflow server` does before uvicorn starts: its environment and its stores."""

import uuid
from collections.abc import Mapping

from mlflow.environment_variables import (
    _MLFLOW_IN_JOB_EXECUTOR,
    _MLFLOW_SERVER_BOOT_ID,
    _MLFLOW_SGI_NAME,
    MLFLOW_ENABLE_WORKSPACES,
    MLFLOW_TRACE_ARCHIVAL_CONFIG,
    MLFLOW_WORKSPACE_STORE_URI,
)
from mlflow.tracking._tracking_service.utils import _get_default_tracking_uri
from mlflow.utils.server_cli_utils import (
    artifacts_only_config_validation,
    assert_server_workspace_env_unset,
    resolve_default_artifact_root,
)

from api.errors import StartError
from api.server.mlflow_options import MlflowOptions

# From mlflow.server.constants, which cannot be imported before the environment is set.
BACKEND_STORE = "_MLFLOW_SERVER_FILE_STORE"
REGISTRY_STORE = "_MLFLOW_SERVER_REGISTRY_STORE"
ARTIFACT_ROOT = "_MLFLOW_SERVER_ARTIFACT_ROOT"


def server_environment(options: MlflowOptions) -> dict[str, str]:
    """The variables that `mlflow server` gives to its server; nothing is changed here.

    Raises click.UsageError or MlflowException where MLflow refuses the combination of options.
    """
    assert_server_workspace_env_unset()
    backend = options.backend_store_uri or _get_default_tracking_uri()
    artifact_root = resolve_default_artifact_root(
        options.serve_artifacts, options.default_artifact_root or "", backend
    )
    archival = options.trace_archival_config
    artifacts_only_config_validation(
        options.artifacts_only,
        backend,
        options.enable_workspaces,
        workspace_store_uri=options.workspace_store_uri,
        trace_archival_config_path=str(archival) if archival else None,
    )
    given = {
        BACKEND_STORE: backend,
        "_MLFLOW_SERVER_READ_REPLICA_BACKEND_STORE": options.read_replica_backend_store_uri,
        REGISTRY_STORE: options.registry_store_uri or backend,
        ARTIFACT_ROOT: artifact_root,
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": _true(options.serve_artifacts),
        "_MLFLOW_SERVER_ARTIFACTS_ONLY": _true(options.artifacts_only),
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": options.artifacts_destination,
        "_MLFLOW_STATIC_PREFIX": options.static_prefix,
        "prometheus_multiproc_dir": options.expose_prometheus,
        "MLFLOW_SERVER_SECRETS_CACHE_TTL": str(options.secrets_cache_ttl),
        "MLFLOW_SERVER_SECRETS_CACHE_MAX_SIZE": str(options.secrets_cache_max_size),
        _MLFLOW_SERVER_BOOT_ID.name: uuid.uuid4().hex,
        _MLFLOW_IN_JOB_EXECUTOR.name: "false",
        _MLFLOW_SGI_NAME.name: "uvicorn",
        MLFLOW_ENABLE_WORKSPACES.name: "true" if options.enable_workspaces else "false",
        MLFLOW_TRACE_ARCHIVAL_CONFIG.name: str(archival) if archival else None,
        **_security(options),
    }
    if options.enable_workspaces:
        given[MLFLOW_WORKSPACE_STORE_URI.name] = options.workspace_store_uri
    return {name: value for name, value in given.items() if value}


def _security(options: MlflowOptions) -> dict[str, str | None]:
    if options.disable_security_middleware:
        return {"MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE": "true"}
    return {
        "MLFLOW_SERVER_ALLOWED_HOSTS": options.allowed_hosts,
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": options.cors_allowed_origins,
        "MLFLOW_SERVER_X_FRAME_OPTIONS": options.x_frame_options,
    }


def _true(flag: bool) -> str | None:
    return "true" if flag else None


def open_stores(options: MlflowOptions, environment: Mapping[str, str]) -> None:
    """Open MLflow's stores, which makes their tables; StartError where one cannot be opened.

    `environment` is that of server_environment, already set: this imports MLflow's server, which reads it.
    """
    from mlflow.server.handlers import (  # noqa: PLC0415
        initialize_backend_stores,
        initialize_workspace_store,
    )
    from mlflow.tracing.trace_archival_config import (  # noqa: PLC0415
        load_trace_archival_server_config,
    )
    from mlflow.tracing.trace_rollup_service import (  # noqa: PLC0415
        validate_sql_trace_rollup_startup,
    )

    backend = environment[BACKEND_STORE]
    try:
        if options.trace_archival_config is not None:
            load_trace_archival_server_config(options.trace_archival_config)
        if not options.artifacts_only:
            initialize_backend_stores(
                backend,
                environment[REGISTRY_STORE],
                environment[ARTIFACT_ROOT],
                workspace_store_uri=options.workspace_store_uri,
                read_replica_backend_store_uri=options.read_replica_backend_store_uri,
            )
            validate_sql_trace_rollup_startup(backend)
        elif options.enable_workspaces and options.workspace_store_uri:
            initialize_workspace_store(options.workspace_store_uri)
    except Exception as error:
        # A database's driver raises errors of its own, which MLflow passes on.
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise StartError(f"MLflow cannot open its stores: {reason[0]}") from error
