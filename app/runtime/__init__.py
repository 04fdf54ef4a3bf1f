"""Process-level services: configuration, logging, metrics, executors, worker processes."""
