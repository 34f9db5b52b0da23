// Follows whether MLflow's page is dark: MLflow's own setting, else that of the system.

import { guarded } from "./guarded";

const DARK_CLASS = "dark-mode";
/** Key of MLflow's setting, which MLflow applies to the page shortly after it has loaded. */
const STORED = "_mlflow_dark_mode_toggle_enabled";

export function watchDarkMode(onChange: (isDark: boolean) => void): void {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const report = guarded(() => {
    onChange(document.body.classList.contains(DARK_CLASS) || (system.matches && !isLight()));
  });
  system.addEventListener("change", report);
  const options = { attributes: true, attributeFilter: ["class"] };
  new MutationObserver(report).observe(document.body, options);
  report();
}

/** Whether MLflow is set to light on a dark system. */
function isLight(): boolean {
  try {
    return localStorage.getItem(STORED) === "false";
  } catch {
    return false;
  }
}
