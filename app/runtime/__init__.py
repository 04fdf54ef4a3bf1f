"""What every process of the server needs: configuration, logging, metrics, worker processes."""
