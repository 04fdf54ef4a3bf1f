"""The built-in texts and the pretrained models."""
