/** The table of a figure's data, filled only while it is open. */

import { requireElement } from "./dom.js";

export class DataTable {
  #details;
  #body;
  /** @type {readonly (readonly string[])[]} */
  #rows = [];

  /** @param {HTMLElement} panel that has one `details.data-table` with a table in it */
  constructor(panel) {
    this.#details = requireElement(panel, ".data-table", HTMLDetailsElement);
    this.#body = requireElement(this.#details, "tbody", HTMLTableSectionElement);
    this.#details.addEventListener("toggle", () => this.#fill());
  }

  /** @param {readonly (readonly string[])[]} rows the first cell of each is its heading */
  show(rows) {
    this.#rows = rows;
    this.#fill();
  }

  #fill() {
    if (!this.#details.open) return;
    while (this.#body.rows.length > this.#rows.length) this.#body.deleteRow(-1);
    for (const [index, texts] of this.#rows.entries()) {
      const row = this.#body.rows[index] ?? this.#body.insertRow();
      for (const [column, text] of texts.entries()) {
        const cell = row.cells[column] ?? row.appendChild(newCell(column));
        if (cell.textContent !== text) cell.textContent = text;
      }
    }
  }
}

/** @param {number} column */
function newCell(column) {
  const cell = document.createElement(column === 0 ? "th" : "td");
  if (column === 0) cell.scope = "row";
  return cell;
}
