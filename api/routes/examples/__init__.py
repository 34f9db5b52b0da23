"""The example responses in the API's documentation; null fields are left out."""
