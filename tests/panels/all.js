/** Runs the tests of all panels in one process: loading the DOM for each file would take longer. */

import { readdirSync } from "node:fs";

const folder = new URL("./", import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith(".test.js"));

for (const name of names.sort()) await import(new URL(name, folder).href);
