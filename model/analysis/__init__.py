"""Analysis of networks: traces, units, embeddings, histograms, gradient checks."""
