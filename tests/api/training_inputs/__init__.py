"""Tests of data sets and base models that people register."""
