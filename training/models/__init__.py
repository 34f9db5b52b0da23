"""Builds networks and loads pre-trained weights into them."""
