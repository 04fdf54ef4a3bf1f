"""The parts of `charnn train`."""
