"""The tests: sentences about behaviour, one folder for each part."""
