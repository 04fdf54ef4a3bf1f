"""Training: trainer, optimizers, schedules and validation."""
