"""Measurements of a server with many visitors."""
