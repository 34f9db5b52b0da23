"""The names of SDXL's original UNet, which kohya's files for SDXL have.

The original counts all blocks of the way down in `input_blocks`, and those of the way up in
`output_blocks`; each has a residual block, perhaps a transformer, and perhaps a change of size.
"""

from torch import nn

OUTER = {
    "conv_in": "input_blocks.0.0",
    "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
}
RESIDUAL = {
    "conv1": "in_layers.2",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
MIDDLE = {"resnets.0": "0", "attentions.0": "1", "resnets.1": "2"}


def sgm_name(unet: nn.Module, name: str) -> str:
    """The original name of the layer that diffusers' UNet2DConditionModel calls `name`.

    Raises ValueError for a name that the original has not.
    """
    if name in OUTER:
        return OUTER[name]
    parts = name.split(".")
    if parts[0] == "mid_block":
        return _joined("middle_block", MIDDLE[".".join(parts[1:3])], _inner(parts[1], parts[3:]))
    if parts[0] not in ("down_blocks", "up_blocks") or len(parts) < 5:
        raise ValueError(f"{name} is no layer of SDXL's UNet")
    block, kind, index = int(parts[1]), parts[2], int(parts[3])
    network = unet.get_submodule(f"{parts[0]}.{block}")
    size = len(network.get_submodule("resnets")._modules)  # noqa: SLF001, ModuleList has a length
    if parts[0] == "down_blocks":
        # Each block ends with a change of size, and a convolution comes before the first one.
        first = 1 + block * (size + 1)
        if kind == "downsamplers":
            return f"input_blocks.{first + size}.0.op"
        return _joined("input_blocks", first + index, _place(kind), _inner(kind, parts[4:]))
    first = block * size
    if kind == "upsamplers":
        has_transformers = getattr(network, "attentions", None) is not None
        return f"output_blocks.{first + size - 1}.{2 if has_transformers else 1}.conv"
    return _joined("output_blocks", first + index, _place(kind), _inner(kind, parts[4:]))


def _place(kind: str) -> int:
    return 1 if kind == "attentions" else 0


def _inner(kind: str, parts: list[str]) -> str:
    name = ".".join(parts)
    return RESIDUAL[name] if kind == "resnets" else name


def _joined(*parts: str | int) -> str:
    return ".".join(map(str, parts))
