"""Attacks by one address, and what another visitor notices of them.

A module holds the attacks of one kind; `__main__.py` lists them all.
"""
