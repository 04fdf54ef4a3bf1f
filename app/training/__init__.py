"""The training of one network: its run, curve, samples and inspection."""
