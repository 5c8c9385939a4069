"""The packages of an image: lists, versions, changes."""
