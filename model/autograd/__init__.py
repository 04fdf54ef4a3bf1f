"""Automatic differentiation on a graph of matrices, and cells written with it."""
