"""Matrix products and activations of the kernels."""
