"""How a story is started: the runner, inputs, options, interruption, the console."""
