"""Decodes the files of a request into RGB images, in processes of their own."""
