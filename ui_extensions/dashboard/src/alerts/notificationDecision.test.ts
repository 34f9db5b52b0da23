import { expect, test } from "vitest";
import { anAlert } from "./alertExamples";
import { decideNotification } from "./notificationDecision";

const warning = anAlert({ level: "warning" });
const resolved = anAlert({ state: "resolved" });
const acknowledged = anAlert({ acknowledged_by: "ada" });

test.each([
  ["one that begins", anAlert(), undefined, "show"],
  ["one that becomes critical", anAlert(), warning, "show"],
  ["one that begins again", anAlert(), resolved, "show"],
  ["one that is critical already", anAlert(), anAlert(), "none"],
  ["one that becomes a warning", warning, anAlert(), "withdraw"],
  ["one that ends", resolved, anAlert(), "withdraw"],
  ["one that is acknowledged", acknowledged, anAlert(), "withdraw"],
  ["a warning", warning, undefined, "withdraw"],
] as const)("of %s", (_, alert, before, decision) => {
  expect(decideNotification(alert, before)).toBe(decision);
});
