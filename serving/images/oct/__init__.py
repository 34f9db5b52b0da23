"""Reads the volumes of OCT devices whose files are no DICOM."""
