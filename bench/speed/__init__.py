"""Training throughput, compared with other libraries."""
