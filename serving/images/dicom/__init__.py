"""Reads the images of a DICOM file, and of its attributes only those on an allow-list."""
