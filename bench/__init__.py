"""Benchmarks: how fast this machine trains, and against whom."""
