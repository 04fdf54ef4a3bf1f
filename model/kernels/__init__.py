"""The compiled road: training and decoding as Numba functions that hold no Python lock.

compile.py      how functions are compiled, and where their cache lies
products.py     the three matrix products that all the time goes into
activations.py  exp, sigmoid and tanh in a form that the compiler can vectorise
cells.py        what a cell is to a network, and how the rows of a batch lie
lstm.py, rnn.py, gru.py  a layer of each kind over a batch, forwards and backwards
network.py      a whole network: cost of a batch of sentences, and its gradient
solvers.py      a step of the optimizer over the flat vector
entry.py        what Python calls: training on many sentences, evaluating, decoding
"""
