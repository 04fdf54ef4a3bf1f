"""Helpers of the tests: in-process applications, server processes, and their clients."""
