"""The deployments' files: where they name an image, and how that is moved."""
