"""The processes of trainings on this machine."""

import psutil

from tracking_plugin.ray_head import LocalHead


def ranks(head: LocalHead) -> list[psutil.Process]:
    """The ranks that train on `head`; other tests have heads of their own."""
    return processes_called(head, "RayTrainWorker")


def processes_called(head: LocalHead, *words: str) -> list[psutil.Process]:
    """The processes of `head` whose command line has all these words."""
    return [child for child in descendants(head._process.pid) if _is_called(child, words)]


def descendants(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def _is_called(process: psutil.Process, words: tuple[str, ...]) -> bool:
    try:
        line = " ".join(process.cmdline())
    except psutil.Error:
        return False
    return all(word in line for word in words)
