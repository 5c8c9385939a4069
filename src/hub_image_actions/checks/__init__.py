"""What an image must pass: tests, the start of its server, and what a failure means."""
