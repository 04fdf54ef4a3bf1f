/**
 * The network as a picture that lives: four steps through the text that it is looked at with, one
 * square a unit, drawn from the sizes that the network really has and lit by what its units do.
 */

/** @import { Connection } from "../net/connection.js" */
/** @import { Fault } from "../messages.js" */
/** @import { Layer } from "./layers.js" */
/** @import { NetworkResult } from "../protocol" */

import { DataTable } from "../ui/data_table.js";
import { showFault } from "../ui/field_error.js";
import { Likeliest } from "../ui/probability_bars.js";
import { requireElement } from "../ui/dom.js";
import { Drawing, STEPS } from "./drawing.js";
import { layersOf, placed, unitsPerCell } from "./layers.js";
import { Stepping } from "./stepper.js";
import { inWords, rowsOf } from "./summary.js";
import { MOST_CHARACTERS, TEXT_PLACE } from "../state/probe_text.js";
import { LiveQuery } from "../net/live_query.js";

/** Between two places that are asked for: a server takes so many events a second from one page. */
const PAUSE_MS = 100;
const END = "";

/**
 * @param {HTMLElement} element
 * @param {Connection} connection
 */
export function mount(element, connection) {
  const { store } = connection;
  const figure = requireElement(element, ".network", HTMLElement);
  const caption = requireElement(figure, "#netpicture_text", HTMLElement);
  const picture = new Picture(figure);
  let asked = picture.at;

  const ask = spaced(() => {
    asked = picture.at;
    query.changed();
  });
  const query = new LiveQuery(figure, connection, {
    event: "network",
    panel: figure,
    question: () => {
      const { probeText } = store.page;
      return probeText ? { text: probeText, at: asked, cell: picture.perCell } : null;
    },
    isStale: () => asked !== picture.at,
    show: (answer) => picture.show(answer),
    wait: (fault) => picture.wait(fault),
    places: TEXT_PLACE,
  });
  picture.onMove(() => {
    query.tellState();
    ask();
  });

  store.watch(
    (page) => page.net?.options, // the same object until the network is another
    () => {
      const { net } = store.page;
      if (!net) return;
      picture.draw(layersOf(net));
      query.forget();
      caption.textContent = inWords(net, picture.perCell);
      ask();
    },
  );
  store.watch(
    ({ fieldErrors, probeText }) => (fieldErrors[TEXT_PLACE.text] ? null : probeText),
    (text) => {
      picture.read([...(text ?? "")].slice(0, MOST_CHARACTERS), text === null);
      if (picture.isAtRest) query.forget();
      ask();
    },
  );
}

/** The picture, and what belongs to it: each part shows the same step. */
class Picture {
  perCell = 1;
  /** Whether it shows nothing that the network does. */
  isAtRest = true;

  #drawing;
  #likeliest;
  #table;
  #stepping;
  #wait;
  #unread;
  /** @type {Layer[]} */
  #layers = [];
  /** @type {() => void} */
  #tellMove = () => {};

  /** @param {HTMLElement} figure */
  constructor(figure) {
    this.#drawing = new Drawing(requireElement(figure, "#netpicture", SVGSVGElement));
    this.#likeliest = new Likeliest(requireElement(figure, "#netpicture_next", HTMLElement));
    this.#table = new DataTable(figure);
    this.#wait = requireElement(figure, "#netpicture_wait", HTMLElement);
    this.#unread = requireElement(figure, "#netpicture_unread", HTMLElement);
    this.#stepping = new Stepping(figure, () => {
      if (this.isAtRest) this.#rest();
      this.#tellMove();
    });
  }

  /** Characters read at the newest step. */
  get at() {
    return this.#stepping.at;
  }

  /** @param {() => void} tell */
  onMove(tell) {
    this.#tellMove = tell;
  }

  /**
   * Draw another network. What the last one did says nothing of it.
   *
   * @param {Layer[]} layers
   */
  draw(layers) {
    this.#layers = layers;
    this.perCell = unitsPerCell(layers);
    this.#drawing.draw(placed(layers, this.perCell));
    this.#rest();
  }

  /**
   * @param {string[]} characters
   * @param {boolean} isUnreadable to this network
   */
  read(characters, isUnreadable) {
    this.#stepping.read(characters);
    this.#unread.hidden = !isUnreadable;
    if (this.isAtRest || characters.length === 0) this.#rest();
  }

  /** @param {NetworkResult} answer */
  show(answer) {
    if (!this.#isOfThisNetwork(answer)) return; // the next answer is
    this.isAtRest = false;
    this.#drawing.light(answer.columns);
    const { at, characters, columns } = answer;
    this.#likeliest.show(columns.at(-1)?.likeliest ?? [], characters[at] ?? END);
    this.#table.show(rowsOf(answer, this.#layers, this.perCell));
    this.#stepping.drawn(answer);
  }

  /** @param {Fault | null} fault */
  wait(fault) {
    showFault(this.#wait, fault);
  }

  #rest() {
    this.isAtRest = true;
    this.#drawing.rest(this.#stepping.lastCharacters(STEPS));
    this.#likeliest.show([]);
    this.#table.show([]);
  }

  /** @param {NetworkResult} answer */
  #isOfThisNetwork({ columns }) {
    return columns.every(
      ({ layers }) =>
        layers.length === this.#layers.length &&
        layers.every(
          (squares, index) =>
            squares.length === Math.ceil((this.#layers[index]?.size ?? 0) / this.perCell),
        ),
    );
  }
}

/**
 * Act at once, but not again until a little later: then once for all that was wished meanwhile.
 *
 * @param {() => void} act
 */
function spaced(act) {
  let isWished = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pause;
  const wish = () => {
    isWished = true;
    if (pause !== undefined) return;
    isWished = false;
    act();
    pause = setTimeout(() => {
      pause = undefined;
      if (isWished) wish();
    }, PAUSE_MS);
  };
  return wish;
}
