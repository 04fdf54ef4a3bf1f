"""How fast charnn trains on this machine, beside the peers that are installed.

What is timed: training, all of it: forward pass, loss, backward pass through time, clipping of
every gradient to -5..5, RMSProp with L2, and reading the loss. Reading the text, building batches
and compiling are done before; charnn's shuffling and batching are within its time. A speed counts
the characters learnt from; padding and the ends of sentences are not characters.

The work: the text that charnn ships, the same sentences in every contestant, each from its START to
its END. Batches hold sentences of like length, so that there is little padding.

Threads and precision: each contestant is a process of its own, held to one thread (OMP, OpenBLAS,
MKL and Numba are told so by their variables, PyTorch by `set_num_threads`), all in float32;
brain.js stores float32 and calculates in JavaScript's float64. While one runs, the others wait.
"charnn twice" is two sessions at once in one process, a thread each, their speeds added up (the
peak that it is held against is still that of one thread).

Rounds: after a run to warm up, which is not counted, come rounds in which every contestant runs
once, each round beginning with another one. Speeds are medians over the rounds. "charnn is" is how
many times as fast charnn was in the same round, the median too, so that a machine whose speed
drifts does so for both sides.

Operations: a character is 6 floating-point operations for every weight in a matrix product of the
textbook's network (the layers' matrices and the decoder's; neither letter vectors nor biases): one
multiply-add forwards, one to send the gradient down, one to gather the weight's own gradient. A
sentence's END is a prediction as well, and its operations count. Shortcuts that a contestant takes
earn no deduction; elementwise functions and the solver earn no credit.

The peak: products of two 1024 x 1024 float32 matrices with NumPy's BLAS on one thread, which take
their turn in every round as well; the fastest of them all counts, and shares are of that.

The contestants:

- charnn: this library's `Trainer`.
- PyTorch: `nn.Embedding`, `nn.LSTM`, `nn.Linear`, `optim.RMSprop`, padded batches made into tensors
  beforehand. Measured to be its fastest way here: packed sequences were three times slower in
  batches of 32 and no faster in batches of one; `foreach` made no difference; neither did
  `torch.compile`, of which the LSTM itself has no part.
- brain.js: its `recurrent.LSTM`, the descendant of the library that charnn's demo comes from. It
  learns from one sentence at a time.
- plain NumPy: an LSTM of our own, `bench/speed/peers/numpy_lstm.py`, as one would write it well
  without a compiler.
"""
