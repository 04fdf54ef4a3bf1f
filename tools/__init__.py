"""Scripts for developers; the wheel does not hold them."""
