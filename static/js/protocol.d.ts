// Written by `python -m app.protocol_export` from app/protocol.py. Do not edit.

/** The options of a new network, as numbers or as the text that was typed. */
export interface NetworkEntries {
  /** The cell of every layer. */
  kind?: "lstm" | "gru" | "rnn";
  /** Units of each hidden layer, bottom first. Takes 1 to 8 whole numbers from 1 to 1000, separated by commas. */
  hidden_sizes?: number[] | string;
  /** Numbers in a letter vector. Takes a whole number from 1 to 100. */
  letter_size?: number | string;
  /** Strength of the L2 regularisation. Takes a number from 0, at most 1. */
  l2?: number | string;
  /** Size of a step at the start. Takes a number above 0, at most 1. */
  learning_rate?: number | string;
  /** The largest gradient that counts: of each weight; in an rnn, of all. Takes a number above 0, at most 1000. */
  clip?: number | string;
  /** How the learning rate changes by itself. */
  schedule?: "constant" | "halve" | "cosine";
  /** Epochs after which it is halved, or at the end of its cosine. Takes a number above 0, at most 1e+06. */
  schedule_epochs?: number | string;
  /** Share of the sentences that is kept aside, to see how new ones go. Takes auto, or a number from 0, at most 0.5. */
  validation_fraction?: number | string | null;
}

/** A new network on this text; it learns at once. */
export interface Learn {
  /** Sentences, one a line; trimmed, blank lines dropped. */
  text: string;
  /** What is left out takes its default. */
  options?: NetworkEntries;
}

/** Stop learning; the network stays. */
export type Pause = Record<string, never>;

/** Go on learning. */
export type Resume = Record<string, never>;

/** Change what may change while the network learns. */
export interface Change {
  /** Size of a step from now on. Takes a number above 0, at most 1. */
  learning_rate?: number | string;
  /** Softmax temperature of the samples from now on. Takes a number from 0.01, at most 20. */
  temperature?: number | string;
}

/** Go on with a saved model, on the text that is there. */
export interface Load {
  /** A saved model, as `save` or the original wrote it. */
  json: string;
}

/** Go on with a model that charnn brings along, at a learning rate of 0.0001. */
export interface LoadPretrained {
  /** Which one; the first when left out. */
  name?: string;
}

/** Answer with the model as it is now. */
export type Save = Record<string, never>;

/** Answer with how the network goes on from a beginning; nothing changes. */
export interface Complete {
  /** The beginning: 1 to 1,000 characters that the network knows. One of more than 800,000 weights reads less, which the refusal tells. */
  prime: string;
  /** Three sentences are drawn, or the likeliest are searched for. */
  method: "sample" | "beam";
  /** Softmax temperature of what is drawn. Takes a number from 0.01, at most 20. */
  temperature?: number | string;
  /** Draws from so many of the likeliest characters; from all if none. Takes nothing, or a whole number from 1 to 10000. */
  top_k?: number | string | null;
  /** Draws from as many of the likeliest characters as reach this probability together; from all if none. Takes nothing, or a number above 0, at most 1. */
  top_p?: number | string | null;
  /** Of the beam: how many beginnings are followed, and alternatives found. Takes a whole number from 1 to 20. */
  width?: number | string;
}

/** It is done. */
export interface Done {
  ok: true;
}

/** The model as JSON. */
export interface Saved {
  ok: true;
  /** In the structure of the original's JSON. */
  json: string;
}

/** What may come after a beginning. */
export interface Completion {
  /** Without the beginning; empty where it ends there. */
  text: string;
  /** Natural logarithm of the probability of these characters and of the end after them, given the beginning; null where it was drawn. */
  log_probability: number | null;
  /** It would go on, and its probability has no end in it: after 100 characters, or earlier where a large network or a wide beam would take too long. */
  cut: boolean;
}

/** How the network goes on. */
export interface Completed {
  ok: true;
  /** Three that were drawn; or the likeliest, best first, up to the width. */
  completions: Completion[];
}

/** It cannot be done, and nothing has changed. */
export interface Refused {
  ok: false;
  /** What to change, as a sentence for the person. */
  error: string;
  /** Which field of the event is at fault: where to show the sentence. */
  field: string | null;
}

/** The options that the network was made with. */
export interface Options {
  /** The cell of every layer. */
  kind: "lstm" | "gru" | "rnn";
  /** Units of each layer, bottom first. */
  hidden_sizes: number[];
  /** Numbers in a letter vector. */
  letter_size: number;
  /** Strength of the L2 regularisation. */
  l2: number;
  /** Size of a step at the start. */
  learning_rate: number;
  /** The largest gradient that counts. */
  clip: number;
  /** How the learning rate changes. */
  schedule: "constant" | "halve" | "cosine";
  /** Epochs of the schedule. */
  schedule_epochs: number;
  /** Share of the sentences kept aside; null: 5 % from 100 on, else none. */
  validation_fraction: number | null;
}

/** A text that charnn brings along, by HTTP. */
export interface BroughtText {
  ok: true;
  /** Its sentences, one a line. */
  text: string;
  /** Its name for people. */
  title: string;
  /** What will come of it, in a line. */
  expect: string;
  /** What was measured of it, in a sentence; empty where nothing was. */
  measured: string;
  /** What the network for it is best made with. */
  options: Options;
}

/** Points of the perplexity curve. */
export interface Curve {
  /** A new version replaces every point that the page has. */
  version: number;
  /** The index of the first of these points. */
  start: number;
  /** Step, perplexity (null where the network has run off), perplexity of the sentences kept aside (null where there are none) and learning rate. */
  points: [number, number | null, number | null, number | null][];
}

/** What changes while the network learns: in every frame, and in the whole state. */
export interface Figures {
  /** `compiling` until the kernels of this kind are ready. */
  status: "compiling" | "learning" | "paused";
  /** Sentences learnt from by this network. */
  steps: number;
  /** Steps over the number of sentences. */
  epoch: number;
  /** exp of the mean cost of a prediction, over the last second or so. */
  perplexity: number | null;
  /** Of the sentences kept aside, as last seen; null where there are none. */
  held_out_perplexity: number | null;
  /** The step since which it gets better at its sentences and worse at those kept aside; null where it does not. */
  memorising_since: number | null;
  /** Milliseconds of training a sentence. */
  ms_per_example: number | null;
  /** Characters learnt from in a second of the clock. */
  characters_per_second: number | null;
  /** What the network is trained with now. */
  learning_rate: number;
  /** What the samples are drawn with now. */
  temperature: number;
  /** Unix time when the server last saved it; null before the first time. */
  saved_at: number | null;
  /** False while the server cannot save; it learns on, and tries again. */
  saving: boolean;
}

/** Everything: on connecting, and to every tab when the network is replaced. */
export interface State extends Figures {
  /** Counts the networks of this session. */
  version: number;
  /** A short name of the session, not a secret. */
  session: string;
  /** What the network learns. */
  text: string;
  /** What the network was made with. */
  options: Options;
  /** The characters the network knows, in its order. */
  vocabulary: string[];
  /** How many numbers the network learns. */
  weights: number;
  /** How many sentences it learns. */
  sentences: number;
  /** How many are kept aside. */
  held_out_sentences: number;
  /** Unix time of the server, to compare `saved_at` with. */
  now: number;
  /** Five sampled sentences; none until the first are written. */
  samples: string[];
  /** The greedy prediction; null until the first is written. */
  greedy: string | null;
  /** The whole curve. */
  curve: Curve;
}

/** What has changed: up to 10 a second, the next only after the last was acknowledged. */
export interface Frame extends Figures {
  /** Grows from frame to frame. */
  seq: number;
  /** The points that this page does not have yet. */
  curve?: Curve;
  /** Five new samples. */
  samples?: string[];
  /** A new greedy prediction. */
  greedy?: string;
}

/** A sentence for the person, not bound to a field. */
export interface Notice {
  /** How much it matters. */
  level: "info" | "warning" | "error";
  /** The sentence. */
  message: string;
}

/** The server is about to close the socket, and why. */
export interface Closing {
  /** A sentence for the person. */
  message: string;
}

/** What the page sends; every event is answered. */
export interface ClientEvents {
  learn: (payload: Learn, acknowledge: (answer: Done | Refused) => void) => void;
  pause: (payload: Pause, acknowledge: (answer: Done | Refused) => void) => void;
  resume: (payload: Resume, acknowledge: (answer: Done | Refused) => void) => void;
  set: (payload: Change, acknowledge: (answer: Done | Refused) => void) => void;
  load: (payload: Load, acknowledge: (answer: Done | Refused) => void) => void;
  load_pretrained: (payload: LoadPretrained, acknowledge: (answer: Done | Refused) => void) => void;
  save: (payload: Save, acknowledge: (answer: Saved | Refused) => void) => void;
  complete: (payload: Complete, acknowledge: (answer: Completed | Refused) => void) => void;
}

/**
 * What the server sends. It waits for the acknowledgement of a state or a frame before
 * it sends the next of either: call `acknowledge` as soon as it is shown.
 */
export interface ServerEvents {
  state: (state: State, acknowledge: () => void) => void;
  frame: (frame: Frame, acknowledge: () => void) => void;
  notice: (notice: Notice) => void;
  closing: (closing: Closing) => void;
}
