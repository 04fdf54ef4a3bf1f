// Written by `python -m tools.generate_protocol` from app/protocol. Do not edit.

/** The hyperparameters of a new network, as numbers or as the text that was typed. */
export interface HyperparametersInput {
  /** Cell type of every layer. */
  kind?: "lstm" | "gru" | "rnn";
  /** Units of each hidden layer, lowest first. Takes 1 to 8 whole numbers from 1 to 1000, separated by commas. */
  hidden_sizes?: number[] | string;
  /** Size of a letter vector. Takes a whole number from 1 to 100. */
  letter_size?: number | string;
  /** Whether each line is a sentence, or the text is one sequence with its line breaks. */
  mode?: "lines" | "text";
  /** Characters of a step in the mode text, in each of the streams of a batch. Takes a whole number from 1 to 10000. */
  sequence_length?: number | string;
  /** Sentences per step, or streams in the mode text: larger batches train faster, with fewer updates. Takes a whole number from 1 to 10000. */
  batch_size?: number | string;
  /** Share of the outputs of each layer that training leaves out. Takes a number from 0, at most 0.95. */
  dropout?: number | string;
  /** Optimizer. */
  optimizer?: "rmsprop" | "adam" | "adamw";
  /** L2 regularisation strength; the weight decay of adamw, such as 0.01. Takes a number from 0, at most 1. */
  l2?: number | string;
  /** Initial learning rate. Takes a number above 0, at most 1. */
  learning_rate?: number | string;
  /** Maximum size of a gradient. Takes a number above 0, at most 1000. */
  clip?: number | string;
  /** Whether clipping limits the norm of the whole gradient, which keeps its direction, or each weight's; by default the norm for rnn, each weight's for lstm and gru. Takes auto, true or false. */
  clip_norm?: boolean | string | null;
  /** Steps in which the learning rate rises from 0, until it is set anew. Takes a whole number from 0 to 100000. */
  warmup_steps?: number | string;
  /** Learning-rate schedule; plateau halves the rate when the validation loss no longer improves. */
  schedule?: "constant" | "halve" | "cosine" | "plateau";
  /** Epochs between halvings, length of the cosine, or length of a plateau. Takes a number above 0, at most 1e+06. */
  schedule_epochs?: number | string;
  /** Share of the text for validation; by default 5 % of 100 or more sentences, or of 2,000 or more characters in the mode text, else none. Takes auto, or a number from 0, at most 0.5. */
  validation_fraction?: number | string | null;
  /** Random seed of the initial weights and of the order of the sentences: the same seed, text and options give the same network after the same number of steps; by default a random one. Takes nothing, or a whole number from 0 to 9007199254740991. */
  seed?: number | string | null;
}

/** Create a network for a text and start training it. */
export interface Learn {
  /** Omitted options take their defaults. */
  options?: HyperparametersInput;
  /** The checksum of an uploaded text, or of the session's; `text` is then empty. */
  checksum?: string | null;
  /** Whether characters that occur fewer than five times are left out. */
  leave_out_rare?: boolean;
  /** One sentence per line, where lines are stripped and blank ones dropped; in the mode `text` one sequence with its line breaks. */
  text: string;
}

/** Pause training. */
export type Pause = Record<string, never>;

/** Resume training. */
export type Resume = Record<string, never>;

/** Change parameters during training. */
export interface SetParameters {
  /** The new learning rate. Takes a number above 0, at most 1. */
  learning_rate?: number | string;
  /** The new softmax temperature of the samples. Takes a number from 0.01, at most 20. */
  temperature?: number | string;
}

/** Continue with a saved model, on the current text. */
export interface Load {
  /** A model saved by `save` or by the original demo. */
  json: string;
}

/** Continue with a built-in pretrained model, at a learning rate of 0.0001. */
export interface LoadPretrained {
  /** The name of the model; the first if omitted. */
  name?: string;
}

/** Continue with the weights of the lowest validation loss; `undo` restores the latest ones. */
export type LoadBest = Record<string, never>;

/** Restore the network that was replaced last; a second undo is a redo. */
export type Undo = Record<string, never>;

/** Return the current model. */
export interface Save {
  /** The latest weights, or those with the lowest validation loss so far. */
  weights?: "latest" | "best";
}

/** Share a frozen copy of the network; return the same link while the network is unchanged. */
export type Share = Record<string, never>;

/** Return the copies that this session has shared. */
export type ListShares = Record<string, never>;

/** Delete a copy that this session has shared; its link stops working. */
export interface Withdraw {
  /** The share id, as returned by `shares`. */
  id: string;
}

/** Continue with a copy of a shared network, its text and its options; start training it. */
export interface OpenShared {
  /** The share id, the last part of the link. */
  id: string;
}

/** Return completions of a prompt. Read-only. */
export interface Complete {
  /** The prompt: 1 to 1,000 characters of the vocabulary. Networks of more than some 400,000 weights accept fewer; the error says how many. */
  prime: string;
  /** Samples, or beam search for the most likely completions. */
  method: "sample" | "beam";
  /** Softmax temperature of the samples. Takes a number from 0.01, at most 20. */
  temperature?: number | string;
  /** Sample from this many of the most likely characters; null: from all. Takes nothing, or a whole number from 1 to 10000. */
  top_k?: number | string | null;
  /** Sample from the most likely characters that together reach this probability; null: from all. Takes nothing, or a number above 0, at most 1. */
  top_p?: number | string | null;
  /** Beam width: the number of hypotheses, and of completions returned. Takes a whole number from 1 to 20. */
  width?: number | string;
  /** Number of samples; beam search returns `width` completions. Takes a whole number from 1 to 20. */
  count?: number | string;
  /** Maximum characters of a completion. Takes a whole number from 1 to 100. */
  length?: number | string;
  /** The latest weights, or those with the lowest validation loss so far. */
  weights?: "latest" | "best";
}

/** Return the probability of each character of a text. Read-only. */
export interface SurprisalRequest {
  /** The probe text: 1 to 110 characters of the vocabulary. */
  text: string;
}

/** Return the activations of units on a text. Read-only. */
export interface UnitsRequest {
  /** The probe text: 1 to 110 characters of the vocabulary. */
  text: string;
  /** The hidden state, or the cell state of an lstm. */
  state?: "h" | "c";
  /** The hidden layer, the lowest being 1. Takes a whole number from 1 to 1000. */
  layer?: number | string;
  /** The unit whose values are returned. Takes a whole number from 1 to 100000. */
  unit?: number | string;
  /** The first unit of the grid. Takes a whole number from 1 to 100000. */
  first?: number | string;
}

/** Return the units that correlate most with a feature of the training text. Read-only. */
export interface FindUnitsRequest {
  /** The feature, evaluated after each character. */
  feature: "word_position" | "quotes" | "brackets" | "digit" | "sentence_position" | "line_position" | "indentation" | "string" | "comment";
  /** The hidden state, or the cell state of an lstm. */
  state?: "h" | "c";
}

/** Return the letter vectors projected on two principal components. Read-only. */
export type EmbeddingsRequest = Record<string, never>;

/** Return statistics of some matrices and of their last update. Read-only. */
export interface WeightsRequest {
  /** The hidden layer; letter vectors and decoder are always included. Takes a whole number from 1 to 1000. */
  layer?: number | string;
}

/** Return the activations of all layers at a step of a text, for the diagram. Read-only. */
export interface NetworkRequest {
  /** The probe text: 1 to 110 characters of the vocabulary. */
  text: string;
  /** Number of characters read; capped at the length of the text. Takes a whole number from 0 to 110. */
  at?: number | string;
  /** Units per square; at most 600 squares per step. Takes a whole number from 1 to 10000. */
  cell?: number | string;
}

/** Compare the gradients with finite differences, on a copy of the network. */
export type GradientCheckRequest = Record<string, never>;

/** A copy that this session has shared. */
export interface SharedCopy {
  /** The share id. */
  id: string;
  /** The URL path of the link. */
  path: string;
  /** Unix time when it was shared. */
  created: number;
  /** Sentences the network had trained on by then. */
  steps: number;
  /** Number of sentences of the text. */
  sentences: number;
  /** Training perplexity at that time; null if unknown. */
  perplexity: number | null;
}

/** A completion of a prompt. */
export interface Completion {
  /** The completion without the prompt; may be empty. */
  text: string;
  /** Natural log of the probability of these characters and the end after them, given the prompt; null for a sample. */
  log_probability: number | null;
  /** Whether it was truncated, and its probability excludes the end: after `length` characters, or earlier for large networks and wide beams. */
  cut: boolean;
}

/** A unit that correlates with a feature. */
export interface UnitMatch {
  /** The hidden layer, the lowest being 1. */
  layer: number;
  /** The number in the layer, the first being 1. */
  unit: number;
  /** Pearson correlation of the activation with the feature. */
  correlation: number;
}

/** Statistics of a matrix and of its last update. */
export interface MatrixStats {
  /** The name in the saved JSON. */
  name: string;
  /** Rows and columns. */
  shape: [number, number];
  /** Root mean square of the weights. */
  spread: number;
  /** The weights. */
  weights: Histogram;
  /** Median relative size of a weight's last update. */
  change: number | null;
  /** log10 of the relative size of each weight's last update; null before the first recorded update. */
  changes: Histogram | null;
}

/** A histogram with bins of equal width. */
export interface Histogram {
  /** Lower edge of the first bin. */
  low: number;
  /** Upper edge of the last bin. */
  high: number;
  /** Count of each bin, of a subsample of up to a few thousand numbers. */
  counts: number[];
}

/** The activations of all layers after a character. */
export interface NetworkStep {
  /** The input; the empty string is the start. */
  character: string;
  /** For each layer, from the letter vector to the probabilities, a number from -100 to 100 per square: the mean of its units, in percent of the layer's largest. */
  layers: number[][];
  /** The five most likely next characters, best first, with their probabilities; the empty string is the end. */
  likeliest: [string, number][];
}

/** The errors of a matrix's gradient against finite differences. */
export interface MatrixCheck {
  /** The name in the saved JSON. */
  name: string;
  /** Largest relative error of the expression graph; null if not finite. */
  graph: number | null;
  /** Largest relative error of the training kernels. */
  kernels: number | null;
  /** Number of weights that were perturbed. */
  checked: number;
  /** Number of weights of the matrix. */
  numbers: number;
}

/** The event was carried out. */
export interface OkResult {
  ok: true;
}

/** A saved model. */
export interface SaveResult {
  ok: true;
  /** The model in the original demo's JSON format. */
  json: string;
}

/** The link to a shared copy. */
export interface ShareResult {
  ok: true;
  /** The share id. */
  id: string;
  /** The URL path of the link: `/s/` and the id. */
  path: string;
}

/** The shared copies of a session. */
export interface ListSharesResult {
  ok: true;
  /** The copies, newest first. */
  copies: SharedCopy[];
}

/** The completions of a prompt. */
export interface CompleteResult {
  ok: true;
  /** `count` samples, or up to `width` results of beam search, best first. */
  completions: Completion[];
}

/** The probability of a text, character by character. */
export interface SurprisalResult {
  ok: true;
  /** Training steps so far. */
  steps: number;
  /** Milliseconds for which the request paused training. A page that waits 100 times as long after each of six queries takes less than a tenth of the training time. */
  took: number;
  /** The characters of the text. */
  characters: string[];
  /** Of each character given those before it, then of the end of the text, which running text does not have. */
  probabilities: number[];
  /** The five most likely characters at each position, best first, with their probabilities; the empty string is the end. */
  likeliest: [string, number][][];
  /** Perplexity of the text: the inverse geometric mean probability. */
  perplexity: number | null;
}

/** The activations of units on a text. */
export interface UnitsResult {
  ok: true;
  /** Training steps so far. */
  steps: number;
  /** Milliseconds for which the request paused training. A page that waits 100 times as long after each of six queries takes less than a tenth of the training time. */
  took: number;
  /** The characters of the text. */
  characters: string[];
  /** The unit's activation after each character. */
  values: number[];
  /** Number of units of the layer. */
  units: number;
  /** The first unit of the grid. */
  first: number;
  /** Activations of as many units as fit, from `first`: signed bytes in base64, one row per unit with one byte per character. */
  grid: string;
  /** The activation that a byte of 127 represents. */
  scale: number;
}

/** The units that correlate most with a feature. */
export interface FindUnitsResult {
  ok: true;
  /** Training steps so far. */
  steps: number;
  /** Milliseconds for which the request paused training. A page that waits 100 times as long after each of six queries takes less than a tenth of the training time. */
  took: number;
  /** Up to eight units, best first; none if the feature never changes. */
  found: UnitMatch[];
  /** Characters of the training text that were evaluated. */
  read: number;
}

/** The letter vectors, projected on a plane. */
export interface EmbeddingsResult {
  ok: true;
  /** Training steps so far. */
  steps: number;
  /** Milliseconds for which the request paused training. A page that waits 100 times as long after each of six queries takes less than a tenth of the training time. */
  took: number;
  /** The characters; the empty string is the start and end. */
  letters: string[];
  /** Their first two principal components; the signs are arbitrary. */
  points: [number, number][];
  /** Explained variance ratio of each component. */
  shares: [number, number];
  /** Number of characters that are omitted. */
  left_out: number;
}

/** Statistics of weights and of their last update. */
export interface WeightsResult {
  ok: true;
  /** Training steps so far. */
  steps: number;
  /** Milliseconds for which the request paused training. A page that waits 100 times as long after each of six queries takes less than a tenth of the training time. */
  took: number;
  /** Letter vectors, the layer's matrices, the decoder. */
  matrices: MatrixStats[];
  /** The step of that update; null before the first. */
  change_at: number | null;
  /** Share of gradient elements clipped in the last steps; if the total norm is clipped, share of the steps. */
  clipped: number | null;
  /** Whether the total norm is clipped. */
  clips_norm: boolean;
}

/** The activations of all layers at up to four successive steps of a text. */
export interface NetworkResult {
  ok: true;
  /** Training steps so far. */
  steps: number;
  /** Milliseconds for which the request paused training. A page that waits 100 times as long after each of six queries takes less than a tenth of the training time. */
  took: number;
  /** The characters of the text. */
  characters: string[];
  /** Characters read at the last of these steps. */
  at: number;
  /** The steps, the newest last. */
  columns: NetworkStep[];
}

/** The errors of a sentence's gradients against finite differences. */
export interface GradientCheckResult {
  ok: true;
  /** Training steps so far. */
  steps: number;
  /** Milliseconds for which the request paused training. A page that waits 100 times as long after each of six queries takes less than a tenth of the training time. */
  took: number;
  /** The sentence. */
  sentence: string;
  /** Every matrix of the network. */
  matrices: MatrixCheck[];
}

/** The event was refused, and nothing has changed. */
export interface ErrorResult {
  ok: false;
  /** The error code, for programs; see the table of codes. */
  code: string;
  /** The error message: what to change. */
  error: string;
  /** The invalid field of the event, at which to show the message. */
  field: string | null;
}

/** The hyperparameters of a network and of its training. */
export interface Hyperparameters {
  /** Cell type of every layer. */
  kind: "lstm" | "gru" | "rnn";
  /** Units of each hidden layer, lowest first. */
  hidden_sizes: number[];
  /** Size of a letter vector. */
  letter_size: number;
  /** Whether each line is a sentence, or the text is one sequence with its line breaks. */
  mode: "lines" | "text";
  /** Characters of a step in the mode text, in each of the streams of a batch. */
  sequence_length: number;
  /** Sentences per step, or streams in the mode text: larger batches train faster, with fewer updates. */
  batch_size: number;
  /** Share of the outputs of each layer that training leaves out. */
  dropout: number;
  /** Optimizer. */
  optimizer: "rmsprop" | "adam" | "adamw";
  /** L2 regularisation strength; the weight decay of adamw, such as 0.01. */
  l2: number;
  /** Initial learning rate. */
  learning_rate: number;
  /** Maximum size of a gradient. */
  clip: number;
  /** Whether clipping limits the norm of the whole gradient, which keeps its direction, or each weight's; by default the norm for rnn, each weight's for lstm and gru. */
  clip_norm: boolean | null;
  /** Steps in which the learning rate rises from 0, until it is set anew. */
  warmup_steps: number;
  /** Learning-rate schedule; plateau halves the rate when the validation loss no longer improves. */
  schedule: "constant" | "halve" | "cosine" | "plateau";
  /** Epochs between halvings, length of the cosine, or length of a plateau. */
  schedule_epochs: number;
  /** Share of the text for validation; by default 5 % of 100 or more sentences, or of 2,000 or more characters in the mode text, else none. */
  validation_fraction: number | null;
  /** Random seed of the initial weights and of the order of the sentences: the same seed, text and options give the same network after the same number of steps; by default a random one. */
  seed: number | null;
}

/** A built-in text, by HTTP. */
export interface BuiltInText {
  ok: true;
  /** The text, one sentence per line; its beginning if it is stored. */
  text: string;
  /** The text at the server, if it is a long one. */
  stored: StoredText | null;
  /** The displayed name. */
  title: string;
  /** The expected result, in one line. */
  expect: string;
  /** A measured result, in one sentence; empty if there is none. */
  measured: string;
  /** The recommended options. */
  options: Hyperparameters;
}

/** A text that the server stores: too long for a page to edit, or to be sent in an event. */
export interface StoredText {
  /** Its checksum, to be sent with `learn`. */
  checksum: string;
  /** Number of characters (code points). */
  characters: number;
  /** Number of lines. */
  lines: number;
  /** Number of distinct characters, line ends included. */
  distinct: number;
  /** Characters that occur fewer than five times, at most 200 of them, rarest first. */
  rare: string[];
  /** Number of these characters. */
  rare_count: number;
}

/** A text file, read for the text box. */
export interface TextFile {
  ok: true;
  /** The text, its lines ended by \n; its beginning if it is stored. */
  text: string;
  /** The text at the server, if it has more than 300,000 characters. */
  stored: StoredText | null;
  /** The encoding that the file was in. */
  encoding: string;
  /** What a person should know: an encoding that was assumed. */
  remarks: string[];
}

/** The training text of the session, by HTTP. */
export interface SessionText {
  ok: true;
  /** The checksum, as in the state. */
  checksum: string;
  /** The whole text, as it was entered. */
  text: string;
}

/** The training text in short; `GET /api/text` answers all of it. */
export interface TextInfo {
  /** SHA-256 of the text as UTF-8, in hexadecimal digits. */
  checksum: string;
  /** Number of characters (code points). */
  characters: number;
  /** The first characters; all if there are few. */
  beginning: string;
  /** Whether it is too long for a page to edit: `learn` names its checksum. */
  stored: boolean;
}

/** Points of the perplexity curve. */
export interface Curve {
  /** A new version replaces all points that the page has. */
  version: number;
  /** The index of the first of these points. */
  start: number;
  /** Step, training perplexity (null if the network has diverged), validation perplexity (null without a validation set), learning rate, and base learning rate: the one that was set initially, by hand, by a rollback or on a plateau, before the schedule. */
  points: [number, number | null, number | null, number | null, number | null][];
}

/** The best weights so far, by validation loss. */
export interface Best {
  /** Their validation loss, in nats a prediction. */
  loss: number;
  /** The steps that had been taken. */
  step: number;
}

/** The values that change during training: in every frame, and in the whole state. */
export interface LiveState {
  /** `compiling` until the kernels of this cell type are compiled. */
  status: "compiling" | "learning" | "paused";
  /** Why the server paused training: it keeps diverging, exceeds a limit, or failed; null if it trains, or was paused by `pause`. */
  pause_reason: "diverged" | "over_limit" | "failed" | null;
  /** Sentences this network has trained on. */
  steps: number;
  /** Steps over the number of sentences. */
  epoch: number;
  /** Training perplexity, over the last half second. */
  perplexity: number | null;
  /** Validation perplexity, at its last evaluation; null if there is none. */
  held_out_perplexity: number | null;
  /** The best weights so far, for `load_best` and the field `weights` of other events; null before the first evaluation. */
  best: Best | null;
  /** The step since which training perplexity falls while validation perplexity rises; null if it does not. */
  overfitting_since: number | null;
  /** Milliseconds of training per sentence. */
  ms_per_example: number | null;
  /** Characters trained on per second of wall-clock time. */
  characters_per_second: number | null;
  /** The current learning rate. */
  learning_rate: number;
  /** The softmax temperature of the samples. */
  temperature: number;
  /** Unix time of the last save; null before the first. */
  saved_at: number | null;
  /** False while saving fails; training continues, and the server retries. */
  saving: boolean;
}

/** The whole state: on connecting, and when the network is replaced. */
export interface State extends LiveState {
  /** Counts the networks of this session. */
  version: number;
  /** A short id of the session; not secret. */
  session: string;
  /** The training text in short. */
  text: TextInfo;
  /** The options the network was created with. */
  options: Hyperparameters;
  /** The seed the network was created with, drawn if its options had none; null for a loaded model. */
  seed: number | null;
  /** The first characters of the vocabulary in order of index, at most 200. */
  vocabulary: string[];
  /** Number of characters of the vocabulary. */
  vocabulary_size: number;
  /** Number of weights of the network. */
  weights: number;
  /** Size of the training set. */
  sentences: number;
  /** Size of the validation set. */
  held_out_sentences: number;
  /** Unix time of the server, to compare `saved_at` with. */
  now: number;
  /** How often this network diverged and was rolled back. */
  recoveries: number;
  /** How this network replaced the one that `undo` restores; null if there is none. */
  undoable: "restart" | "load" | "undo" | null;
  /** Five samples; none until the first are ready. */
  samples: string[];
  /** The greedy prediction; null until the first is ready. */
  greedy: string | null;
  /** The whole curve. */
  curve: Curve;
}

/** The changes since the last frame; up to 10 per second, sent when the last is acknowledged. */
export interface Frame extends LiveState {
  /** Increases from frame to frame. */
  seq: number;
  /** The points that this page does not have yet. */
  curve?: Curve;
  /** Five new samples. */
  samples?: string[];
  /** A new greedy prediction. */
  greedy?: string;
  /** The network was rolled back again. */
  recoveries?: number;
  /** The replaced network was released. */
  undoable?: "restart" | "load" | "undo" | null;
}

/** A message for the visitor that concerns no field. */
export interface Notice {
  /** The severity. */
  level: "info" | "warning" | "error";
  /** The notice's code, for programs; see the table of codes. */
  code: string;
  /** The message. */
  message: string;
}

/** The server is about to close the socket, and why. */
export interface Closing {
  /** The reason, for programs; see the table of codes. */
  code: string;
  /** The message for the visitor. */
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
  load_best: OkResult;
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
  load_best: (payload: LoadBest, acknowledge: (answer: Answers["load_best"] | ErrorResult) => void) => void;
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
