"""Texts: files, sentences, characters and the tokens that networks read."""
