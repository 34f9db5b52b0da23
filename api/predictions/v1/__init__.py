"""Generated messages of `serving/v1/predictions.proto`."""
