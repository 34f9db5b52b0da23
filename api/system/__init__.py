"""What this machine is doing: processors, memory, GPUs."""
