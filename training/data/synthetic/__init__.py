"""Generates images of eyes with drawn signs of disease, so that training works without patient data."""
