"""Uploads the files that a journal refers to, and each image of a step only once."""

import logging

from training.tracking.endpoint import Endpoint
from training.tracking.records import ArtifactRecord
from training.tracking.spool import Spool
from training.tracking.stepped_image import FOLDER, is_thumbnail, key_and_step

logger = logging.getLogger(__name__)


class Uploads:
    """Tries to upload a file once; raises the errors of the endpoint."""

    def __init__(self, endpoint: Endpoint, spool: Spool) -> None:
        self._endpoint = endpoint
        self._spool = spool
        self._earlier_images: set[str | None] | None = None

    def upload(self, artifact: ArtifactRecord) -> None:
        file = self._spool.payload_path(artifact.payload)
        if not file.exists():
            # The process died after the upload, before it had advanced the journal.
            logger.info("%s was already uploaded.", artifact.path)
        elif not self._was_logged_by_an_earlier_attempt(artifact.path):
            self._endpoint.upload(file, artifact.path)

    def _was_logged_by_an_earlier_attempt(self, path: str) -> bool:
        image = key_and_step(path)
        if image is None:
            return False
        if self._earlier_images is None:
            paths = self._endpoint.list_files(FOLDER)
            self._earlier_images = {key_and_step(it) for it in paths if is_thumbnail(it)}
        return image in self._earlier_images
