// What is looked at beyond types: hooks, promises that nobody waits for, and what keyboards and
// screen readers need.

import js from "@eslint/js";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      "built",
      "node_modules",
      "live/openapi.ts",
      "live/asyncapi.ts",
      "live/allowedActions.ts",
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  jsxA11y.flatConfigs.recommended,
  {
    plugins: { "react-hooks": reactHooks },
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ["*.js", "*.mjs"] } },
      globals: { process: "readonly", document: "readonly" },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "no-console": "error",
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      // French puts such a space before its colons.
      "no-irregular-whitespace": ["error", { skipStrings: true, skipTemplates: true }],
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
      ],
      // Who is called by a click or a timer answers to nobody; what may fail there is caught there.
      "@typescript-eslint/no-misused-promises": [
        "error",
        { checksVoidReturn: { attributes: false, arguments: false } },
      ],
      // Texts and formats are plain functions in plain objects.
      "@typescript-eslint/unbound-method": "off",
      // A dialog has to put the focus somewhere, and says where.
      "jsx-a11y/no-autofocus": "off",
      // What scrolls, or has a cursor of its own, is reached by keyboard.
      "jsx-a11y/no-noninteractive-tabindex": [
        "error",
        { tags: ["section"], roles: ["application", "log", "region"], allowExpressionValues: true },
      ],
    },
  },
  { files: ["*.js", "*.mjs"], ...tseslint.configs.disableTypeChecked },
);
