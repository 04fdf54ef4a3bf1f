"""The web application: trains one network per visitor, live in the browser."""
