"""Makes the first version of a registered model the one that the diagnosis service serves."""

import logging

from mlflow import MlflowClient

from tracking_plugin.names import CHAMPION

logger = logging.getLogger(__name__)


def promote_first(client: MlflowClient, name: str, version: str) -> None:
    """Give `version` the alias `champion`, unless a version has it; a person moves it from then on."""
    if CHAMPION in client.get_registered_model(name).aliases:
        logger.info("To serve version %s, run: fovea models promote %s %s", version, name, version)
        return
    client.set_registered_model_alias(name, CHAMPION, version)
    logger.info("Version %s of %s is its %s: the first one is.", version, name, CHAMPION)
