"""Old pipelines: what they did, and what does the same now."""
