"""Network architectures and the weights files that fit them."""
