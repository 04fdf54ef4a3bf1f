/** What every panel that reads the probe text shares. */

/** The server reads no more characters. */
export const MOST_CHARACTERS = 110;

/** The element that shows an error in the text, by the field of the request. */
export const TEXT_PLACE = { text: "look_text" };
