// Starts the panel inside MLflow's page, which no error of the panel may affect.

import { startPanel } from "./panel";
import { guarded } from "./guarded";

guarded(() => {
  const script = document.currentScript;
  if (script instanceof HTMLScriptElement && script.src) {
    // The script is in monitor/, one below the server's root.
    startPanel(new URL("../", script.src));
  }
})();
