"""The demonstration: a change of an image on its way to the hubs, on this machine alone."""
