/** The scripts of the main page that run before its first paint, bundled into one. */

import "./theme.js";
import "./first_visit.js";
