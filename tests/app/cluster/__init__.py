"""Tests of training on more than one machine."""
