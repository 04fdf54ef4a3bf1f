"""Training speed of charnn and of the installed peers, on this machine.

Measured is the whole training step: forward pass, loss, backward pass through time, gradient
clipping to -5..5, RMSProp with L2, and reading the loss. Reading the text, compiling and the peers'
batching are done in advance; charnn's shuffling and batching count. A speed counts the characters
trained on, without padding and ends of sentences.

Workload: the text that ships with charnn, the same sentences for every competitor, each from its
START to its END. A batch holds sentences of similar length, so that there is little padding.

Threads and precision: each competitor is a process with one thread (set by the variables of OMP,
OpenBLAS, MKL and Numba, and by PyTorch's `set_num_threads`), in float32; brain.js stores float32
and computes in JavaScript's float64. While one runs, the others wait. "charnn twice" is two
sessions at once in one process, a thread each, their speeds added up; its share of the peak is of
the peak of one thread.

Rounds: after a warm-up run, which does not count, every competitor runs once per round. Each round
starts with another competitor. Speeds are medians over the rounds. The speed-up is charnn's speed
over the competitor's in the same round, its median too, so that a drift of the machine's speed
affects both.

Operations: a character counts 6 floating-point operations for every weight in a matrix product of
the textbook network (the layers' and the decoder's matrices; neither letter vectors nor biases): a
multiply-add in the forward pass, one for the gradient of the input, one for that of the weight. The
END of a sentence is a prediction too, and its operations count. Shortcuts of a competitor are not
deducted; elementwise functions and the optimizer do not count.

Peak: products of two 1024 x 1024 float32 matrices with NumPy's BLAS on one thread, run in every
round; the fastest product of all rounds is the peak.

Competitors:

- charnn: the `Trainer` of this library.
- PyTorch: `nn.Embedding`, `nn.LSTM`, `nn.Linear`, `optim.RMSprop`, padded batches converted to
  tensors in advance. This was the fastest configuration measured: packed sequences were three times
  slower in batches of 32 and no faster in batches of one; `foreach` and `torch.compile`, which does
  not compile the LSTM itself, made no difference.
- brain.js: its `recurrent.LSTM`, which descends from recurrentjs, the library of the original demo.
  It trains on one sentence at a time.
- plain NumPy: an efficient LSTM without a compiler, `bench/speed/peers/numpy_lstm.py`.

Where the time goes, in percent of a training step's CPU time on a Xeon of the Sapphire Rapids
family, with AVX-512. Batch 1: a sentence of 29 characters, 60 tokens; batch 32: 63 characters, 31
tokens, the fastest of each part, and RMSProp with the packing of the batch:

| network | step | gates forward | gates backward | softmax | RMSProp | products, the rest |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
| LSTM [20, 20]/5, batch 1 | 41 µs | 15 | 8 | 5 | 6 | 66 |
| LSTM [100]/5, batch 1 | 220 µs | 4 | 1 | 1 | 8 | 86 |
| LSTM [256, 256]/16, batch 32 | 80 ms | 4 | 2 | 0 | 2 | 92 |
| LSTM [512]/64, batch 32 | 121 ms | 3 | 2 | 0 | 2 | 93 |

The products of the last two, in percent of the step and in GFLOP/s:

| network | forward in time | backward in time | weights' gradient | of all rows at once |
| --- | ---: | ---: | ---: | ---: |
| LSTM [256, 256]/16, batch 32 | 17, 160 | 16, 163 | 33, 127 | 24, 123 |
| LSTM [512]/64, batch 32 | 25, 137 | 25, 143 | 32, 125 | 10, 99 |

The loops over sigmoid, tanh and exp and the optimizers' loops are vector code with AVX2 and with
AVX-512, eight float32 numbers at a time.
"""
