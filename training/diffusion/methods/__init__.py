"""What a diffusion training trains: adapters on the base model, new words, or the model itself."""
