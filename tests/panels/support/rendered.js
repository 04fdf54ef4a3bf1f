/** The files written by `python -m tests.support.render_page`. */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";

const ROOT = new URL("../../../", import.meta.url);
const RENDERED = new URL("build/panels/", ROOT);
const TEMPLATES = new URL("templates/", ROOT);
const DECLARATIONS = new URL("app/protocol/hyperparameters.py", ROOT);

/** @param {string} name of the file */
export function readRendered(name) {
  const file = new URL(name, RENDERED);
  if (!existsSync(file) || statSync(file).mtimeMs < newestSource()) {
    throw new Error("The rendered page is outdated: run make panel-pages");
  }
  return readFileSync(file, "utf8");
}

function newestSource() {
  const templates = readdirSync(TEMPLATES, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".html"))
    .map((name) => new URL(name, TEMPLATES));
  return Math.max(...[DECLARATIONS, ...templates].map((file) => statSync(file).mtimeMs));
}
