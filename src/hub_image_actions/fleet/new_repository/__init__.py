"""A new image repository, step by step."""
