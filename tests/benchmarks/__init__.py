"""What `scripts/bench` measures: one module for each figure, against what a user would do instead."""
