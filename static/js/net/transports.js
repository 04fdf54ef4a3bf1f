/**
 * Chooses between WebSocket and polling. WebSocket is faster, but some proxies do not answer its
 * handshake, or cut it soon after.
 */

/**
 * The members used of Socket.IO's manager.
 *
 * @typedef {object} Manager
 * @property {{transports?: any}} opts of the next attempt to connect
 * @property {{transport: {name: string}}} engine
 * @property {(milliseconds: number) => unknown} timeout sets that of the next attempt
 * @property {(event: "open" | "error" | "close", take: (reason: any) => void) => unknown} on
 */

/** The transports to try, in order. With polling first, the library upgrades if WebSocket works. */
export const TRANSPORTS = [["websocket", "polling"], ["polling", "websocket"], ["polling"]];

/** A handshake that takes longer was probably swallowed by a proxy. */
export const FIRST_TIMEOUT_MS = 5_000;
/** For slow lines. */
const LATER_TIMEOUT_MS = 20_000;
/** A WebSocket that ends sooner was probably cut by a proxy. */
const CUT_MS = 10_000;

/**
 * Fall back to polling while WebSocket does not work.
 *
 * @param {Manager} manager
 */
export function fallBackToPolling(manager) {
  let fallback = 0;
  /** @type {number | null} */
  let openedAt = null;

  const update = () => {
    manager.opts.transports = TRANSPORTS[fallback];
    manager.timeout(fallback === 0 ? FIRST_TIMEOUT_MS : LATER_TIMEOUT_MS);
  };
  manager.on("open", () => {
    openedAt = performance.now();
  });
  manager.on("error", () => {
    if (openedAt !== null) return; // it is closed next
    fallback = Math.max(fallback, 1);
    update();
  });
  manager.on("close", (reason) => {
    const isCut =
      /^transport/.test(reason) &&
      manager.engine.transport.name === "websocket" &&
      performance.now() - (openedAt ?? 0) < CUT_MS;
    fallback = isCut ? Math.min(fallback + 1, TRANSPORTS.length - 1) : 0;
    openedAt = null;
    update();
  });
}
