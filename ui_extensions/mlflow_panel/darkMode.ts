// Whether MLflow's page is dark: as MLflow says it, else as the system has it.

import { guarded } from "./guarded";

const DARK_CLASS = "dark-mode";
/** Where MLflow keeps its choice, which it puts on the page a moment after it has begun. */
const STORED = "_mlflow_dark_mode_toggle_enabled";

export function watchDarkMode(onChange: (isDark: boolean) => void): void {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const tell = guarded(() => {
    onChange(document.body.classList.contains(DARK_CLASS) || (system.matches && !isLight()));
  });
  system.addEventListener("change", tell);
  const options = { attributes: true, attributeFilter: ["class"] };
  new MutationObserver(tell).observe(document.body, options);
  tell();
}

/** Whether MLflow has been set to be light on a dark system. */
function isLight(): boolean {
  try {
    return localStorage.getItem(STORED) === "false";
  } catch {
    return false;
  }
}
