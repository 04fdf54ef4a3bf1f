"""The web layer: HTTP, Socket.IO and middleware."""
