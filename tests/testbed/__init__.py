"""A test bed of real programs: a Docker engine, container registries and a base image.

Everything is fetched through the package managers that the machine already uses, kept in the
user's cache folder, bound to the loopback interface, limited in time and ended by what started it.
"""
