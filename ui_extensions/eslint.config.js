// Lint rules beyond types: React hooks, unhandled promises and accessibility.

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
      // French texts have a no-break space before colons.
      "no-irregular-whitespace": ["error", { skipStrings: true, skipTemplates: true }],
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
      ],
      // Event handlers and timers ignore returned promises; async handlers catch their own errors.
      "@typescript-eslint/no-misused-promises": [
        "error",
        { checksVoidReturn: { attributes: false, arguments: false } },
      ],
      // Texts and formats are plain functions in plain objects, without `this`.
      "@typescript-eslint/unbound-method": "off",
      // A dialog must move the focus into itself.
      "jsx-a11y/no-autofocus": "off",
      // Regions that scroll or have their own cursor must be reachable by keyboard.
      "jsx-a11y/no-noninteractive-tabindex": [
        "error",
        { tags: ["section"], roles: ["application", "log", "region"], allowExpressionValues: true },
      ],
    },
  },
  { files: ["*.js", "*.mjs"], ...tseslint.configs.disableTypeChecked },
);
