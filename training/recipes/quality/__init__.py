"""The quality recipe: tells gradable images from degraded copies of them, and why they are not gradable."""
