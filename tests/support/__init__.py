"""What the tests share: applications in this process, servers in their own, and visitors."""
