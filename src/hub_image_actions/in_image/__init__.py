"""Programs that run inside of an image: they import nothing of ours."""
