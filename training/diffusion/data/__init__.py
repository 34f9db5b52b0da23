"""The data of diffusion trainings: captioned images, their order, their random draws and their cache."""
