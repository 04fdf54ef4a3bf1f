"""One visitor's session: commands, snapshots, checkpoints and undo."""
