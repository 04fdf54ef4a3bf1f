// Written by `python -m tools.generate_protocol` from app/protocol. Do not edit.

/** The hyperparameters of a new network, as numbers or as the text that was typed. */
export interface HyperparametersInput {
  /** Cell type of every layer. */
  kind?: "lstm" | "gru" | "rnn";
  /** Units of each hidden layer, bottom first. Takes 1 to 8 whole numbers from 1 to 1000, separated by commas. */
  hidden_sizes?: number[] | string;
  /** Size of a letter vector. Takes a whole number from 1 to 100. */
  letter_size?: number | string;
  /** L2 regularisation strength. Takes a number from 0, at most 1. */
  l2?: number | string;
  /** Learning rate at the start. Takes a number above 0, at most 1. */
  learning_rate?: number | string;
  /** Gradient clipping: per weight; by the norm of all for rnn. Takes a number above 0, at most 1000. */
  clip?: number | string;
  /** Learning-rate schedule. */
  schedule?: "constant" | "halve" | "cosine";
  /** Epochs until each halving, or until the end of the cosine. Takes a number above 0, at most 1e+06. */
  schedule_epochs?: number | string;
  /** Share of the sentences to hold out for validation; by default 5 % of 100 or more, else none. Takes auto, or a number from 0, at most 0.5. */
  validation_fraction?: number | string | null;
}

/** A new network on this text; it learns at once. */
export interface Learn {
  /** Sentences, one a line; trimmed, blank lines dropped. */
  text: string;
  /** What is left out takes its default. */
  options?: HyperparametersInput;
}

/** Stop learning; the network stays. */
export type Pause = Record<string, never>;

/** Go on learning. */
export type Resume = Record<string, never>;

/** Change what may change while the network learns. */
export interface SetParameters {
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

/** Go on with the network that was replaced last, as it was; undone twice, it is redone. */
export type Undo = Record<string, never>;

/** Answer with the model as it is now. */
export type Save = Record<string, never>;

/** Answer with a link to a frozen copy of the network; of an unchanged one, the same link. */
export type Share = Record<string, never>;

/** Answer with the copies that this session has shared. */
export type ListShares = Record<string, never>;

/** Forget a copy that this session has shared: its link leads nowhere from then on. */
export interface Withdraw {
  /** Which one, as `shares` names it. */
  id: string;
}

/** Go on with a shared copy, on its text and options; it learns at once, and is one's own. */
export interface OpenShared {
  /** What its link ends with. */
  id: string;
}

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

/** Answer with how probable the network finds each character of a text; nothing changes. */
export interface SurprisalRequest {
  /** What it reads: 1 to 110 characters that the network knows. */
  text: string;
}

/** Answer with the units' activations while the network reads a text; nothing changes. */
export interface UnitsRequest {
  /** What it reads: 1 to 110 characters that the network knows. */
  text: string;
  /** The hidden state, or the cell state, which an lstm alone has. */
  state?: "h" | "c";
  /** The hidden layer, the lowest being 1. Takes a whole number from 1 to 1000. */
  layer?: number | string;
  /** The unit whose values are told. Takes a whole number from 1 to 100000. */
  unit?: number | string;
  /** The first unit of the grid. Takes a whole number from 1 to 100000. */
  first?: number | string;
}

/** Answer with the units that follow a feature of the text best; nothing changes. */
export interface FindUnitsRequest {
  /** What the units are compared with, after each character. */
  feature: "word_position" | "quotes" | "brackets" | "digit" | "sentence_position";
  /** The hidden state, or the cell state, which an lstm alone has. */
  state?: "h" | "c";
}

/** Answer with the letter vectors on their first two principal components; nothing changes. */
export type EmbeddingsRequest = Record<string, never>;

/** Answer with the weights of some matrices and their last change; nothing changes. */
export interface WeightsRequest {
  /** The hidden layer whose matrices are told of, beside those around all. Takes a whole number from 1 to 1000. */
  layer?: number | string;
}

/** Answer with the whole network at a step of a text, for its picture; nothing changes. */
export interface NetworkRequest {
  /** What it reads: 1 to 110 characters that the network knows. */
  text: string;
  /** Characters read; beyond the text's end, all of them. Takes a whole number from 0 to 110. */
  at?: number | string;
  /** Units that share a square; at most 600 squares a step. Takes a whole number from 1 to 10000. */
  cell?: number | string;
}

/** Answer with how well the gradients agree with measured slopes, on a copy of the network. */
export type GradientCheckRequest = Record<string, never>;

/** A copy that this session has shared. */
export interface SharedCopy {
  /** Its name. */
  id: string;
  /** The link's path on this server. */
  path: string;
  /** Unix time when it was shared. */
  created: number;
  /** Sentences its network had trained on by then. */
  steps: number;
  /** How many its text has. */
  sentences: number;
  /** As it was seen last; null where it was not yet. */
  perplexity: number | null;
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

/** A unit that follows a feature. */
export interface UnitMatch {
  /** Its hidden layer, the lowest being 1. */
  layer: number;
  /** Its number in the layer, the first being 1. */
  unit: number;
  /** Pearson's correlation of its activation with the feature. */
  correlation: number;
}

/** A matrix, and its last change. */
export interface MatrixStats {
  /** Its name in the saved JSON. */
  name: string;
  /** Rows and columns. */
  shape: [number, number];
  /** Root mean square of its weights; 0 where they are all 0. */
  spread: number;
  /** Its weights. */
  weights: Histogram;
  /** Median size of a weight's last change relative to the weight. */
  change: number | null;
  /** Logarithms to base 10 of the size of each weight's last change relative to the weight; null before there was one. */
  changes: Histogram | null;
}

/** How numbers are spread. */
export interface Histogram {
  /** Where the first bin begins. */
  low: number;
  /** Where the last bin ends. */
  high: number;
  /** Numbers in each bin, of up to a few thousand that are looked at. */
  counts: number[];
}

/** The network when it has read a character. */
export interface NetworkStep {
  /** What went in; the empty string is the start. */
  character: string;
  /** Of each layer, the letter vector first and the odds last, a number from -100 to 100 for each square: the mean of its units relative to the layer's largest. */
  layers: number[][];
  /** The five likeliest to come, best first, each with its probability; the empty string is the end. */
  likeliest: [string, number][];
}

/** How well the gradient by a matrix agrees with the slopes measured on a copy. */
export interface MatrixCheck {
  /** Its name in the saved JSON. */
  name: string;
  /** Largest relative error of the expression graph; null if no number. */
  graph: number | null;
  /** Largest relative error of the kernels that train. */
  kernels: number | null;
  /** Numbers of the matrix that were moved. */
  checked: number;
  /** Numbers that it has. */
  numbers: number;
}

/** It is done. */
export interface OkResult {
  ok: true;
}

/** The model as JSON. */
export interface SaveResult {
  ok: true;
  /** In the structure of the original's JSON. */
  json: string;
}

/** Where the copy is. */
export interface ShareResult {
  ok: true;
  /** It opens the copy. */
  id: string;
  /** The link's path on this server: `/s/` and the id. */
  path: string;
}

/** The copies, the newest first. */
export interface ListSharesResult {
  ok: true;
  /** At most as many as one may have. */
  copies: SharedCopy[];
}

/** How the network goes on. */
export interface CompleteResult {
  ok: true;
  /** Three that were drawn; or the likeliest, best first, up to the width. */
  completions: Completion[];
}

/** How probable a text is to the network, character by character. */
export interface SurprisalResult {
  ok: true;
  /** Steps that it had taken. */
  steps: number;
  /** Milliseconds that the answer kept it from learning; a page that rests 100 times as long with each of six questions takes less than a tenth of its time. */
  took: number;
  /** The text's characters, as it reads them. */
  characters: string[];
  /** Of each character after those before it, and last of the text's end. */
  probabilities: number[];
  /** The five likeliest in each of those places, best first, each with its probability; the empty string is the end. */
  likeliest: [string, number][][];
  /** Of the text: the probabilities' geometric mean, inverted. */
  perplexity: number | null;
}

/** What units do while the network reads a text. */
export interface UnitsResult {
  ok: true;
  /** Steps that it had taken. */
  steps: number;
  /** Milliseconds that the answer kept it from learning; a page that rests 100 times as long with each of six questions takes less than a tenth of its time. */
  took: number;
  /** The text's characters, as it reads them. */
  characters: string[];
  /** The unit's activation after reading each character. */
  values: number[];
  /** How many the layer has. */
  units: number;
  /** The first unit of the grid. */
  first: number;
  /** Activations of as many units as fit, from the first: signed bytes in base64, a row for each unit and in it a byte for each character. */
  grid: string;
  /** The activation that a byte of 127 stands for. */
  scale: number;
}

/** The units that follow a feature best. */
export interface FindUnitsResult {
  ok: true;
  /** Steps that it had taken. */
  steps: number;
  /** Milliseconds that the answer kept it from learning; a page that rests 100 times as long with each of six questions takes less than a tenth of its time. */
  took: number;
  /** Up to eight, best first; none where the feature never changes. */
  found: UnitMatch[];
  /** Characters of the sentences it learns that were read for it. */
  read: number;
}

/** The letter vectors on a plane. */
export interface EmbeddingsResult {
  ok: true;
  /** Steps that it had taken. */
  steps: number;
  /** Milliseconds that the answer kept it from learning; a page that rests 100 times as long with each of six questions takes less than a tenth of its time. */
  took: number;
  /** The characters; the empty string is the start and the end. */
  letters: string[];
  /** Each one's first two principal components; their signs may turn over. */
  points: [number, number][];
  /** Share of the variance that each component holds. */
  shares: [number, number];
  /** Characters beyond those told of. */
  left_out: number;
}

/** Weights, and how they last changed. */
export interface WeightsResult {
  ok: true;
  /** Steps that it had taken. */
  steps: number;
  /** Milliseconds that the answer kept it from learning; a page that rests 100 times as long with each of six questions takes less than a tenth of its time. */
  took: number;
  /** Letter vectors, the layer's matrices, the decoder. */
  matrices: MatrixStats[];
  /** The step of that change; null before there was one. */
  change_at: number | null;
  /** Share of the gradients that were clipped in the last steps; where the norm of all together is clipped, the share of the steps. */
  clipped: number | null;
  /** Whether the norm of all together is clipped. */
  clips_norm: boolean;
}

/** The network at up to four steps of a text, one after the other. */
export interface NetworkResult {
  ok: true;
  /** Steps that it had taken. */
  steps: number;
  /** Milliseconds that the answer kept it from learning; a page that rests 100 times as long with each of six questions takes less than a tenth of its time. */
  took: number;
  /** The text's characters, as it reads them. */
  characters: string[];
  /** Characters read at the last of these steps. */
  at: number;
  /** The steps, the last being the newest. */
  columns: NetworkStep[];
}

/** How well the gradients of a sentence's cost agree with measured slopes. */
export interface GradientCheckResult {
  ok: true;
  /** Steps that it had taken. */
  steps: number;
  /** Milliseconds that the answer kept it from learning; a page that rests 100 times as long with each of six questions takes less than a tenth of its time. */
  took: number;
  /** The sentence. */
  sentence: string;
  /** Every matrix of the network. */
  matrices: MatrixCheck[];
}

/** It cannot be done, and nothing has changed. */
export interface ErrorResult {
  ok: false;
  /** Which refusal this is: a name for programs, see the table of codes. */
  code: string;
  /** What to change, as a sentence for the person. */
  error: string;
  /** Which field of the event is at fault: where to show the sentence. */
  field: string | null;
}

/** The hyperparameters of a network and of its training. */
export interface Hyperparameters {
  /** Cell type of every layer. */
  kind: "lstm" | "gru" | "rnn";
  /** Units of each hidden layer, bottom first. */
  hidden_sizes: number[];
  /** Size of a letter vector. */
  letter_size: number;
  /** L2 regularisation strength. */
  l2: number;
  /** Learning rate at the start. */
  learning_rate: number;
  /** Gradient clipping: per weight; by the norm of all for rnn. */
  clip: number;
  /** Learning-rate schedule. */
  schedule: "constant" | "halve" | "cosine";
  /** Epochs until each halving, or until the end of the cosine. */
  schedule_epochs: number;
  /** Share of the sentences to hold out for validation; by default 5 % of 100 or more, else none. */
  validation_fraction: number | null;
}

/** A text that charnn brings along, by HTTP. */
export interface BuiltInText {
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
  options: Hyperparameters;
}

/** Points of the perplexity curve. */
export interface Curve {
  /** A new version replaces every point that the page has. */
  version: number;
  /** The index of the first of these points. */
  start: number;
  /** Step, perplexity (null if the network has diverged), perplexity of the validation set (null without one), learning rate, and what that was set to: by hand, at the beginning or after the network ran off, not by a schedule. */
  points: [number, number | null, number | null, number | null, number | null][];
}

/** What changes while the network learns: in every frame, and in the whole state. */
export interface Figures {
  /** `compiling` until the kernels of this kind are ready. */
  status: "compiling" | "learning" | "paused";
  /** Sentences this network has trained on. */
  steps: number;
  /** Steps over the number of sentences. */
  epoch: number;
  /** exp of the mean cost of a prediction, over the last second or so. */
  perplexity: number | null;
  /** Of the validation set, as last measured; null without one. */
  held_out_perplexity: number | null;
  /** The step since which training perplexity falls while validation perplexity rises; null if it does not. */
  memorising_since: number | null;
  /** Milliseconds of training a sentence. */
  ms_per_example: number | null;
  /** Characters trained on per second of wall-clock time. */
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
  options: Hyperparameters;
  /** The characters the network knows, in its order. */
  vocabulary: string[];
  /** How many numbers the network learns. */
  weights: number;
  /** How many sentences it learns. */
  sentences: number;
  /** The size of the validation set. */
  held_out_sentences: number;
  /** Unix time of the server, to compare `saved_at` with. */
  now: number;
  /** How often this network ran off and was brought back, as of late. */
  recoveries: number;
  /** How this network took the place of one that `undo` can bring back; null where there is none. */
  undoable: "restart" | "load" | "undo" | null;
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
  /** It ran off again, and was brought back. */
  recoveries?: number;
  /** The replaced one is not kept any longer. */
  undoable?: "restart" | "load" | "undo" | null;
}

/** A sentence for the person, not bound to a field. */
export interface Notice {
  /** How much it matters. */
  level: "info" | "warning" | "error";
  /** Which notice this is: a name for programs, see the table of codes. */
  code: string;
  /** The sentence. */
  message: string;
}

/** The server is about to close the socket, and why. */
export interface Closing {
  /** Why it closes: a name for programs, see the table of codes. */
  code: string;
  /** A sentence for the person. */
  message: string;
}

/** The answer to each event on success. */
export interface Answers {
  learn: OkResult;
  pause: OkResult;
  resume: OkResult;
  set: OkResult;
  load: OkResult;
  load_pretrained: OkResult;
  undo: OkResult;
  save: SaveResult;
  share: ShareResult;
  shares: ListSharesResult;
  withdraw: OkResult;
  open_shared: OkResult;
  complete: CompleteResult;
  surprise: SurprisalResult;
  units: UnitsResult;
  find_units: FindUnitsResult;
  letters: EmbeddingsResult;
  weights: WeightsResult;
  network: NetworkResult;
  gradient_check: GradientCheckResult;
}

/** What the page sends; every event is answered. */
export interface ClientEvents {
  learn: (payload: Learn, acknowledge: (answer: Answers["learn"] | ErrorResult) => void) => void;
  pause: (payload: Pause, acknowledge: (answer: Answers["pause"] | ErrorResult) => void) => void;
  resume: (payload: Resume, acknowledge: (answer: Answers["resume"] | ErrorResult) => void) => void;
  set: (payload: SetParameters, acknowledge: (answer: Answers["set"] | ErrorResult) => void) => void;
  load: (payload: Load, acknowledge: (answer: Answers["load"] | ErrorResult) => void) => void;
  load_pretrained: (payload: LoadPretrained, acknowledge: (answer: Answers["load_pretrained"] | ErrorResult) => void) => void;
  undo: (payload: Undo, acknowledge: (answer: Answers["undo"] | ErrorResult) => void) => void;
  save: (payload: Save, acknowledge: (answer: Answers["save"] | ErrorResult) => void) => void;
  share: (payload: Share, acknowledge: (answer: Answers["share"] | ErrorResult) => void) => void;
  shares: (payload: ListShares, acknowledge: (answer: Answers["shares"] | ErrorResult) => void) => void;
  withdraw: (payload: Withdraw, acknowledge: (answer: Answers["withdraw"] | ErrorResult) => void) => void;
  open_shared: (payload: OpenShared, acknowledge: (answer: Answers["open_shared"] | ErrorResult) => void) => void;
  complete: (payload: Complete, acknowledge: (answer: Answers["complete"] | ErrorResult) => void) => void;
  surprise: (payload: SurprisalRequest, acknowledge: (answer: Answers["surprise"] | ErrorResult) => void) => void;
  units: (payload: UnitsRequest, acknowledge: (answer: Answers["units"] | ErrorResult) => void) => void;
  find_units: (payload: FindUnitsRequest, acknowledge: (answer: Answers["find_units"] | ErrorResult) => void) => void;
  letters: (payload: EmbeddingsRequest, acknowledge: (answer: Answers["letters"] | ErrorResult) => void) => void;
  weights: (payload: WeightsRequest, acknowledge: (answer: Answers["weights"] | ErrorResult) => void) => void;
  network: (payload: NetworkRequest, acknowledge: (answer: Answers["network"] | ErrorResult) => void) => void;
  gradient_check: (payload: GradientCheckRequest, acknowledge: (answer: Answers["gradient_check"] | ErrorResult) => void) => void;
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
