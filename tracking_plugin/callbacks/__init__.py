"""Callbacks that add control to other training frameworks; each module needs only its framework."""
