"""The segmentation recipe: finds structures and lesions in images, pixel by pixel."""
