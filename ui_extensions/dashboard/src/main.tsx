import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startNotifications } from "./alerts/notifications";
import { App } from "./App";
import { startSession } from "./live/session";
import { loadMetricCatalog } from "./metrics/useMetricCatalog";
import "uplot/dist/uPlot.min.css";
import "./ui/base.css";

startSession();
void loadMetricCatalog();
startNotifications();

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
