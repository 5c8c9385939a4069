"""Docker: the engine, its settings, its disk, and what containers leave behind."""
