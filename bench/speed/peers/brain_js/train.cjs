// brain.js as a competitor, with the protocol of bench/speed/runner.py.

const readline = require("node:readline");

function answer(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function load() {
  try {
    return require("brain.js");
  } catch {
    return null;
  }
}

/** A function that trains for about so many seconds and returns characters per second. */
function prepare(brain, network, sentences, solver) {
  const alphabet = [...new Set(sentences.join(""))];
  const index = new Map(alphabet.map((character, i) => [character, i]));
  const encoded = sentences.map((sentence) => [...sentence].map((c) => index.get(c)));
  const lstm = new brain.recurrent.LSTM({
    hiddenLayers: network.hidden_sizes,
    inputSize: network.letter_size, // numbers in a letter vector
    inputRange: alphabet.length, // it adds the one for START and END
    outputSize: alphabet.length,
    decayRate: solver.decay,
    smoothEps: solver.epsilon,
    regc: solver.l2,
    clipval: solver.clip,
    setupData: (data) => data, // the sentences are numbers already
  });
  // `train` sets up the network and its options; `trainPattern` then trains on one sentence.
  lstm.train(encoded.slice(0, 1), {
    iterations: 1,
    errorThresh: 0,
    learningRate: solver.learning_rate,
  });
  const order = epochs(encoded);
  return (seconds) => {
    const start = performance.now();
    let characters = 0;
    let elapsed = 0;
    while (elapsed < seconds) {
      const sentence = order.next().value;
      lstm.trainPattern(sentence, true);
      characters += sentence.length;
      elapsed = (performance.now() - start) / 1000;
    }
    return characters / elapsed;
  };
}

function* epochs(sentences) {
  const shuffled = [...sentences];
  for (;;) {
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = Math.floor(Math.random() * (i + 1));
      [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
    }
    yield* shuffled;
  }
}

function respond(brain, state, { run, network, sentences, solver }) {
  if (run !== undefined) return { rate: state.train(run) };
  if (network.batch_size > 1) return { absent: "it trains on one sentence at a time" };
  state.train = prepare(brain, network, sentences, solver);
  return { ready: true };
}

const brain = load();
if (brain === null) {
  answer({ absent: "it is not installed (npm ci --ignore-scripts in bench/speed/peers/brain_js)" });
} else {
  const state = {};
  answer({ version: require("brain.js/package.json").version });
  const lines = readline.createInterface({ input: process.stdin });
  lines.on("line", (line) => answer(respond(brain, state, JSON.parse(line))));
}
