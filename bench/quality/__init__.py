"""Quality of charnn and of its peers by training time, on one text.

Every contestant learns the first 90 % of the text and is validated on the last 10 %, as in nanoGPT.
They run one after the other, each alone in a process, with the same number of threads, in float32.

- charnn: the `Trainer` of this library in the mode "text", with the options of a size
  (`model/training/sizes.py`).
- PyTorch: `nn.Embedding`, `nn.LSTM`, `nn.Dropout`, `nn.Linear` and `optim.AdamW`, with the same
  sizes, dropout, streams, length of a step, learning rate, schedule, weight decay and limit for the
  norm of gradients, and its own initial weights. The state is carried from step to step.
- nanoGPT: the train.py of a checkout, with the arguments that its README gives for a CPU.

The learning rate of charnn and PyTorch falls along a cosine that ends with the run. nanoGPT has the
schedule of its recipe, over 2,000 steps.

The time is that of training alone: reading the text, compiling the kernels and a first step that
warms up take place before it, and evaluations do not count for anyone.

The validation loss is the mean of -ln p over all characters of the validation text, without
dropout, with the state carried through the text. charnn and PyTorch evaluate 32 parts of it side by
side; 256 characters precede each part and do not count, so that it begins with the state of its
context. nanoGPT's is its own estimate, the mean over 20 batches of 12 random windows of 64
characters.

The time to a loss is interpolated between the two evaluations around it.
"""
