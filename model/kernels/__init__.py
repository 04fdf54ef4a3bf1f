"""The compiled road: training and decoding as Numba functions that hold no Python lock.

compile.py      how functions are compiled, and where their cache lies
products.py     the three matrix products that all the time goes into
activations.py  exp, sigmoid and tanh in a form that the compiler can vectorise
lstm.py, rnn.py a layer of each kind over a whole sentence, forwards and backwards
network.py      a whole network: cost of a sentence, and its gradient
solvers.py      a step of the optimizer over the flat vector
entry.py        what Python calls: training on many sentences, evaluating, decoding
"""
