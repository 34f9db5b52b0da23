"""Heat maps, and the DICOM objects that show them."""
