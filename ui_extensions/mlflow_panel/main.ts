// Enters MLflow's page; whatever goes wrong here, that page goes on.

import { startPanel } from "./panel";
import { guarded } from "./guarded";

guarded(() => {
  const script = document.currentScript;
  if (script instanceof HTMLScriptElement && script.src) {
    // The script is in monitor/, one below the server's root.
    startPanel(new URL("../", script.src));
  }
})();
