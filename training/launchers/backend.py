"""Chooses the backend of the collectives between ranks."""


def collective_backend(*, use_gpu: bool) -> str:
    """Gloo for tensors in host memory, NCCL for tensors on GPUs."""
    return "cpu:gloo,cuda:nccl" if use_gpu else "gloo"
