"""Which collectives carry what between ranks."""


def collective_backend(*, use_gpu: bool) -> str:
    """Gloo for what lies in host memory, NCCL for what lies on GPUs."""
    return "cpu:gloo,cuda:nccl" if use_gpu else "gloo"
