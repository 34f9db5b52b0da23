"""The paths that Fovea answers itself; MLflow answers all others."""

import re
from dataclasses import dataclass

LIVE_PATH = "/ws"

# MLflow's own paths under /api/ begin with a version number, such as /api/2.0/.
_OWN_PATH = re.compile(rf"/api/(?!\d+\.\d+(?:/|$))|{LIVE_PATH}$|/monitor(?:/|$)")
_IMAGES = re.compile(
    r"/api/v1/(?:dicom/(?:upload|diagnose|batch)|ai-grpc/(?:diagnose|diagnose-batch))$"
)
_FILES = re.compile(
    r"/api/v1/projects(?:/|/[^/]+/predict)?$|/api/(?:custom/train|pretrained/predict)$"
)
_PAGE = re.compile(r"/monitor(?:/|$)")


def is_own_path(path: str) -> bool:
    return _OWN_PATH.match(path) is not None


def is_upload(path: str) -> bool:
    """Whether requests to this path contain files, which may be larger than other requests."""
    return _IMAGES.match(path) is not None or is_file_upload(path)


def is_file_upload(path: str) -> bool:
    """Whether requests to this path contain tables or archives, with error codes of their own."""
    return _FILES.match(path) is not None


@dataclass(frozen=True)
class PlacedPath:
    """A path below the server's root, and whether it stood behind MLflow's prefix."""

    path: str
    is_prefixed: bool


def placed_path(path: str, prefix: str) -> PlacedPath:
    """`path` without the prefix of MLflow's `--static-prefix`, if it begins with one."""
    if prefix and path.startswith(f"{prefix}/"):
        return PlacedPath(path.removeprefix(prefix), is_prefixed=True)
    return PlacedPath(path, is_prefixed=False)


def is_page(path: str) -> bool:
    return _PAGE.match(path) is not None


def relative_location(path: str, target: str) -> str:
    """`target` as an address relative to `path`, which holds behind any prefix that a proxy adds."""
    return "../" * (path.count("/") - 1) + target.removeprefix("/")
