/** Constants of the panels that read the probe text. */

/** The server's limit. */
export const MAX_CHARACTERS = 110;

/** The page's field that shows an error, by the request's field. */
export const TEXT_ERROR_FIELD = { text: "look_text" };
