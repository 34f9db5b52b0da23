"""What the torch loop does in a step and between two steps."""
