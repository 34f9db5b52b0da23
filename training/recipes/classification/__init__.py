"""The classifier that the recipes for the retina and for the quality of images train; no recipe itself."""
