"""The contestants, each with the functions `version` and `learn`."""
