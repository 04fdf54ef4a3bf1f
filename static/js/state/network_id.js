/** @import { State } from "../protocol" */

/**
 * The id of the network that a state describes: it differs after every restart, load and undo.
 *
 * @param {Pick<State, "session" | "version"> | null} net
 */
export function networkId(net) {
  return net ? `${net.session} ${net.version}` : "";
}
