"""The events of Socket.IO: what comes from pages, and what goes to them."""
