"""What Ray Serve is told about the replicas of a version: their number, their share of a machine, their queue."""

from typing import Any

from ray.serve.config import AutoscalingConfig

from serving.settings import ServingSettings
from tracking_plugin.server_environment import credential_variables

CALLS_PER_REPLICA = 2
"""One is computed while the next one is on its way."""
GRACE_S = 10.0


def deployment_options(settings: ServingSettings, *, has_gpus: bool) -> dict[str, Any]:
    """The options of `serve.deployment`; `has_gpus` says whether the cluster has any."""
    actor: dict[str, Any] = {
        "num_cpus": settings.replica_cpus,
        "runtime_env": {"env_vars": credential_variables()},
    }
    if settings.device != "cpu" and has_gpus:
        actor["num_gpus"] = settings.replica_gpus
    return {
        **_number_of_replicas(settings),
        "ray_actor_options": actor,
        "max_ongoing_requests": CALLS_PER_REPLICA,
        # Calls beyond this are not sent; explanations come on top.
        "max_queued_requests": parallel_calls(settings) + 1,
        "max_constructor_retry_count": 2,
        "graceful_shutdown_timeout_s": GRACE_S,
    }


def parallel_calls(settings: ServingSettings) -> int:
    """Calls under way at one time: as many as keep the most replicas busy, so that Serve sees the load."""
    return CALLS_PER_REPLICA * max(settings.replicas, settings.max_replicas)


def _number_of_replicas(settings: ServingSettings) -> dict[str, Any]:
    if settings.max_replicas <= settings.replicas:
        return {"num_replicas": settings.replicas}
    scaling = AutoscalingConfig(
        min_replicas=settings.replicas,
        max_replicas=settings.max_replicas,
        target_ongoing_requests=CALLS_PER_REPLICA,
        downscale_delay_s=settings.scale_down_after_s,
    )
    return {"autoscaling_config": scaling}
