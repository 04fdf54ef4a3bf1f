"""What a trained network computes: traces, units, embeddings, gradients."""
