// What the page's modules are held to; their types are checked by tsc, their layout by Prettier.
import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["static/vendor/**", "node_modules/**", ".venv/**", "build/**", "dist/**"] },
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
  { files: ["tests/panels/**/*.js"], languageOptions: { globals: globals.node } },
  { files: ["bench/**/*.cjs", "tests/**/*.mjs"], languageOptions: { globals: globals.node } },
];
