"""DICOM objects that show the evidence of a diagnosis beside the image that it is about."""
