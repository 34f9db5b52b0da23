import { expect, test } from "vitest";
import { anAlert } from "./alertExamples";
import { decideNotification } from "./notificationDecision";

const warning = anAlert({ level: "warning" });
const resolved = anAlert({ state: "resolved" });
const acknowledged = anAlert({ acknowledged_by: "ada" });

test.each([
  ["one that begins", anAlert(), undefined, "tell"],
  ["one that rises", anAlert(), warning, "tell"],
  ["one that begins anew", anAlert(), resolved, "tell"],
  ["one that is told already", anAlert(), anAlert(), "nothing"],
  ["one that falls", warning, anAlert(), "takeBack"],
  ["one that ends", resolved, anAlert(), "takeBack"],
  ["one that somebody has seen", acknowledged, anAlert(), "takeBack"],
  ["a warning", warning, undefined, "takeBack"],
] as const)("of %s", (_, alert, before, news) => {
  expect(decideNotification(alert, before)).toBe(news);
});
