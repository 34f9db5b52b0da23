"""Custom training: a chosen model on uploaded tables or on those of NASA, and pretrained models."""
