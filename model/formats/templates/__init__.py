"""Files that an export copies."""
