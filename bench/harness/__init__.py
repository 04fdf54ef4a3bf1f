"""Servers, databases and simulated pages, for measurements and tests."""
