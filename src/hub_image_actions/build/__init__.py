"""The build of an image, from its settings to its report."""
