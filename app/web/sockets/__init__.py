"""The Socket.IO events from and to the pages."""
