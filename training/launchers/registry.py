"""The registry of launchers. A new launcher is one file with a Launcher and one line here."""

LAUNCHERS: dict[str, str] = {
    "ray": "training.launchers.ray_launcher:RayLauncher",
    "torchrun": "training.launchers.torchrun:TorchrunLauncher",
    "single": "training.launchers.single:SingleLauncher",
}
"""Module and class of each Launcher; imported on use, because each needs other packages."""
