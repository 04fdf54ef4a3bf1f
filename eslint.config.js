// What the page's modules are held to; their types are checked by tsc, their layout by Prettier.
import js from "@eslint/js";
import globals from "globals";

/** The folders of static/js, and what each may import from the others. */
const LAYERS = {
  state: [],
  net: ["state"],
  ui: ["state"],
  header: ["state", "net", "ui"],
  panels: ["state", "net", "ui"],
  texts: ["state", "net", "ui"],
  curve: ["state", "net", "ui"],
  diagram: ["state", "net", "ui"],
  inspect: ["state", "net", "ui"],
};
const layers = Object.entries(LAYERS).map(([folder, allowed]) => ({
  files: [`static/js/${folder}/**/*.js`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: Object.keys(LAYERS)
          .filter((other) => other !== folder && !allowed.includes(other))
          .map((other) => `../${other}/*`),
      },
    ],
  },
}));

export default [
  { ignores: ["static/bundle/**", "node_modules/**", ".venv/**", "build/**", "dist/**"] },
  js.configs.recommended,
  {
    files: ["static/js/**/*.js", "tests/panels/**/*.js"],
    languageOptions: { globals: globals.browser },
    rules: {
      complexity: ["error", 12],
      eqeqeq: "error",
      "no-console": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-param-reassign": "error",
      "no-unused-vars": ["error", { varsIgnorePattern: "^_$" }],
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  ...layers,
  { files: ["tests/panels/**/*.js"], languageOptions: { globals: globals.node } },
  {
    files: ["bench/**/*.cjs", "tests/**/*.mjs", "tools/**/*.mjs"],
    languageOptions: { globals: globals.node },
  },
];
