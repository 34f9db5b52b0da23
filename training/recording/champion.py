"""Decides whether a new version of a registered model is the one that is served."""

import logging

from mlflow import MlflowClient

from tracking_plugin.names import CHAMPION, Tag, previous_alias_tag, project_model

logger = logging.getLogger(__name__)


def promote_first(client: MlflowClient, name: str, version: str) -> None:
    """Give `version` the alias `champion` if no version has it; a person moves it from then on.

    A project's own model is that of its newest pipeline, whose results the project shows. The version
    before it is remembered for a rollback.
    """
    served = client.get_registered_model(name).aliases.get(CHAMPION)
    if str(served) == version:
        # An earlier request without a response has done it.
        return
    if served is not None and not _is_of_own_project(client, name, version):
        logger.info("To serve version %s, run: fovea models promote %s %s", version, name, version)
        return
    if served is not None:
        client.set_registered_model_tag(name, previous_alias_tag(CHAMPION), str(served))
    client.set_registered_model_alias(name, CHAMPION, version)
    reason = "the first one is" if served is None else "it is of its project's newest pipeline"
    logger.info("Version %s of %s is its %s: %s.", version, name, CHAMPION, reason)


def _is_of_own_project(client: MlflowClient, name: str, version: str) -> bool:
    """Whether the run of the version belongs to the project that the model is named after."""
    run_id = client.get_model_version(name, version).run_id
    project = client.get_run(run_id).data.tags.get(Tag.PROJECT) if run_id else None
    return project is not None and name == project_model(project)
