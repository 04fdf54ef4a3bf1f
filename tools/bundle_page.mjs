/**
 * Bundles the page's modules and style sheets into static/bundle: minified, with source maps, and with
 * the hash of its content in the name of each file. tools/bundle_page.py runs this when it is outdated.
 */

import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild-wasm";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FOLDER = join(ROOT, "static/bundle");
const ENTRIES = [
  "static/js/boot/boot.js",
  "static/js/boot/theme.js",
  "static/js/main.js",
  "static/css/page.css",
  "static/css/noscript.css",
  "static/favicon.svg",
];
const COMPRESSED = /\.(js|css|svg)$/;
const LIBRARY = /^(node_modules\/(?:@[^/]+\/)?[^/]+)\//;

rmSync(FOLDER, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: ENTRIES,
  outdir: FOLDER,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  format: "esm",
  minify: true,
  sourcemap: true,
  legalComments: "none", // licences.txt has them all
  banner: { js: "/* The licences of the libraries are in licences.txt, beside this file. */" },
  loader: { ".svg": "copy" },
  preserveSymlinks: true, // node_modules may be a link
  metafile: true,
  logLevel: "warning",
});

for (const name of readdirSync(FOLDER).filter((each) => COMPRESSED.test(each))) {
  writeFileSync(join(FOLDER, `${name}.br`), brotliCompressSync(readFileSync(join(FOLDER, name))));
}
writeFileSync(join(FOLDER, "licences.txt"), licences(Object.keys(metafile.inputs)));
writeFileSync(join(FOLDER, "names.json"), JSON.stringify(names(metafile.outputs), null, 2));

/**
 * The name of each entry's file, by its name without a hash.
 *
 * @param {import("esbuild-wasm").Metafile["outputs"]} outputs
 */
function names(outputs) {
  const files = Object.keys(outputs)
    .filter((path) => !path.endsWith(".map"))
    .map((path) => basename(path));
  return Object.fromEntries(files.map((file) => [file.replace(/-[^-]*(?=\.\w+$)/, ""), file]));
}

/**
 * The licences of the libraries among the bundled files.
 *
 * @param {string[]} inputs
 */
function licences(inputs) {
  const libraries = new Set(
    inputs.map((path) => LIBRARY.exec(path)?.[1]).filter((each) => each !== undefined),
  );
  return [...libraries]
    .sort()
    .map((folder) => {
      const { name, version } = JSON.parse(
        readFileSync(join(ROOT, folder, "package.json"), "utf8"),
      );
      const text = readFileSync(join(ROOT, folder, "LICENSE"), "utf8");
      return `${name} ${version}\n\n${text}`;
    })
    .join(`\n${"-".repeat(80)}\n\n`);
}
