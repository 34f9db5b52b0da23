"""What starts the ranks: Ray Train, torchrun or nothing."""
