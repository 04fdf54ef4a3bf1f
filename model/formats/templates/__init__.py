"""Source files that exports copy."""
