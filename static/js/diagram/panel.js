/**
 * The network as a live diagram: four steps through the probe text, a square for each unit, filled by
 * its activation.
 */

/** @import { Connection } from "../net/connection.js" */
/** @import { PageError } from "../messages.js" */
/** @import { Layer } from "./layers.js" */
/** @import { NetworkResult } from "../protocol" */

import { DataTable } from "../ui/data_table.js";
import { showError } from "../ui/field_error.js";
import { ProbabilityBars } from "../ui/probability_bars.js";
import { requireElement } from "../ui/dom.js";
import { Drawing, STEPS } from "./drawing.js";
import { layersOf, layOut, unitsPerCell } from "./layers.js";
import { Stepper } from "./stepper.js";
import { captionOf, rowsOf } from "./summary.js";
import { MAX_CHARACTERS, TEXT_ERROR_FIELD } from "../state/probe_text.js";
import { LiveQuery } from "../net/live_query.js";

/** Between two queries while the user moves the slider: the server limits events per second. */
const SEND_INTERVAL_MS = 100;
const END = "";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const { store } = connection;
  const figure = requireElement(element, ".network", HTMLElement);
  const caption = requireElement(figure, "#netpicture_text", HTMLElement);
  const diagram = new Diagram(figure);
  let queriedAt = diagram.at;

  const query = throttled(() => {
    queriedAt = diagram.at;
    liveQuery.refresh();
  });
  const liveQuery = new LiveQuery(figure, connection, {
    event: "network",
    panel: figure,
    params: () => {
      const { probeText } = store.page;
      return probeText ? { text: probeText, at: queriedAt, cell: diagram.perCell } : null;
    },
    isStale: () => queriedAt !== diagram.at,
    show: (answer) => diagram.show(answer),
    showError: (error) => diagram.showError(error),
    errorFields: TEXT_ERROR_FIELD,
  });
  diagram.onMove(() => {
    liveQuery.updateState();
    query();
  });

  store.watch(
    (page) => page.net?.options, // the same object until the network is another
    () => {
      const { net } = store.page;
      if (!net) return;
      diagram.draw(layersOf(net));
      liveQuery.reset();
      caption.textContent = captionOf(net, diagram.perCell);
      query();
    },
  );
  store.watch(
    ({ fieldErrors, probeText }) => (fieldErrors[TEXT_ERROR_FIELD.text] ? null : probeText),
    (text) => {
      diagram.read([...(text ?? "")].slice(0, MAX_CHARACTERS), text === null);
      if (diagram.isBlank) liveQuery.reset();
      query();
    },
  );
}

/** The drawing, its predictions, table and controls: all show the same step. */
class Diagram {
  perCell = 1;
  /** Whether no activations are shown. */
  isBlank = true;

  #drawing;
  #likeliest;
  #table;
  #stepper;
  #message;
  #invalid;
  /** @type {Layer[]} */
  #layers = [];
  /** @type {() => void} */
  #moved = () => {};

  /** @param {HTMLElement} figure */
  constructor(figure) {
    this.#drawing = new Drawing(requireElement(figure, "#netpicture", SVGSVGElement));
    this.#likeliest = new ProbabilityBars(requireElement(figure, "#netpicture_next", HTMLElement));
    this.#table = new DataTable(figure);
    this.#message = requireElement(figure, "#netpicture_wait", HTMLElement);
    this.#invalid = requireElement(figure, "#netpicture_unread", HTMLElement);
    this.#stepper = new Stepper(figure, () => {
      if (this.isBlank) this.#clear();
      this.#moved();
    });
  }

  /** The number of characters read at the newest step. */
  get at() {
    return this.#stepper.at;
  }

  /** @param {() => void} moved */
  onMove(moved) {
    this.#moved = moved;
  }

  /**
   * Draw another network, without activations.
   *
   * @param {Layer[]} layers
   */
  draw(layers) {
    this.#layers = layers;
    this.perCell = unitsPerCell(layers);
    this.#drawing.draw(layOut(layers, this.perCell));
    this.#clear();
  }

  /**
   * @param {string[]} characters
   * @param {boolean} isInvalid whether the network cannot read the text
   */
  read(characters, isInvalid) {
    this.#stepper.read(characters);
    this.#invalid.hidden = !isInvalid;
    if (this.isBlank || characters.length === 0) this.#clear();
  }

  /** @param {NetworkResult} answer */
  show(answer) {
    if (!this.#isOfThisNetwork(answer)) return; // the answer is about the previous one
    this.isBlank = false;
    this.#drawing.light(answer.columns);
    const { at, characters, columns } = answer;
    this.#likeliest.show(columns.at(-1)?.likeliest ?? [], characters[at] ?? END);
    this.#table.show(rowsOf(answer, this.#layers, this.perCell));
    this.#stepper.drawn(answer);
  }

  /** @param {PageError | null} error */
  showError(error) {
    showError(this.#message, error);
  }

  #clear() {
    this.isBlank = true;
    this.#drawing.showInputs(this.#stepper.lastCharacters(STEPS));
    this.#likeliest.show([]);
    this.#table.show([]);
  }

  /** @param {NetworkResult} answer */
  #isOfThisNetwork({ columns }) {
    return columns.every(
      ({ layers }) =>
        layers.length === this.#layers.length &&
        layers.every(
          (cells, index) =>
            cells.length === Math.ceil((this.#layers[index]?.size ?? 0) / this.perCell),
        ),
    );
  }
}

/**
 * Act at once, then at most once per interval: calls in between are merged into one.
 *
 * @param {() => void} act
 */
function throttled(act) {
  let isPending = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const request = () => {
    isPending = true;
    if (timer !== undefined) return;
    isPending = false;
    act();
    timer = setTimeout(() => {
      timer = undefined;
      if (isPending) request();
    }, SEND_INTERVAL_MS);
  };
  return request;
}
