"""The `fovea` command: one file for each of its subcommands, and what they share."""
