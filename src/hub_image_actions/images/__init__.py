"""Images: tags, contents, size, comparison, and the Dockerfiles that they are built from."""
