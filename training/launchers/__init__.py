"""Launchers: how the ranks of a training are started, one file each."""
