"""HTTP and Socket.IO: what stands between the visitors and their sessions."""
