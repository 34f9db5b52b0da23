"""Tests of the imports of other trainers' configurations."""
