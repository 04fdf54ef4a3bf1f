"""The web application: people train a network live, in their browser, on this server."""
