/** Letter vectors. */

/** @import { Connection } from "./connection.js" */

/**
 * @param {HTMLElement} _element
 * @param {Connection} _connection
 */
export function mount(_element, _connection) {
  // to be written
}
