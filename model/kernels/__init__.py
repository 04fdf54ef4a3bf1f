"""The Numba kernels: training and decoding without the interpreter lock.

entry_points.py  the functions that Python calls: train, evaluate, generate, beam search
network.py       the whole network: loss of a batch of sentences, and its gradient
sampling.py      how the next token is chosen
beam_search.py   the beam and its hypotheses
dropout.py       random masks that need no memory
optimizers.py    an optimizer step over the parameter vector
cells/           one recurrent layer of each cell over a batch, forward and backward
linalg/          matrix products, activations, and views into flat arrays
workspace.py     scratch arrays, one per thread
compile.py       how kernels are compiled
types.py         array types
"""
