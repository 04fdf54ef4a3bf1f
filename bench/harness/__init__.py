"""Real servers, and many real pages on them, for trying what a crowd or an accident does."""
