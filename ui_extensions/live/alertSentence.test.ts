import { expect, it } from "vitest";
import { anAlert } from "../dashboard/src/alerts/alertExamples";
import { alertMessage, alertRecommendation } from "./alertSentence";
import { formatsOf } from "./formatting";

const english = formatsOf("en-GB");
const french = formatsOf("fr-FR");

it("is in the language of the page, with its numbers", () => {
  const alert = anAlert();
  expect(alertMessage(alert, "en", english)).toEqual({
    text: "critical/RAO is 0.8 at step 100, below 0.99 (13 cases, 95% interval 0.49 to 0.92)",
    language: "en",
  });
  expect(alertMessage(alert, "fr", french)).toEqual({
    text: "critical/RAO vaut 0,8 au pas 100, en dessous de 0,99 (13 cas, intervalle à 95\u00a0% de 0,49 à 0,92)",
    language: "fr",
  });
});

it("names a value that is no number", () => {
  const part = { message_code: "measured", not_finite: "NaN", current_value: null } as const;
  const alert = anAlert({ ...part, metric: "train/loss", confidence_interval: null });
  expect(alertMessage(alert, "fr", french).text).toBe("train/loss vaut NaN au pas 100");
  const infinite = { ...alert, not_finite: "-Infinity" } as const;
  expect(alertMessage(infinite, "en", english).text).toBe("train/loss is -∞ at step 100");
});

it("gives the length of a silence as a duration", () => {
  const alert = anAlert({
    message_code: "silent",
    metric: "heartbeat",
    current_value: 125,
    confidence_interval: null,
  });
  expect(alertMessage(alert, "fr", french).text).toMatch(
    /^L’entraînement n’a donné aucun signe de vie pendant 2\smin 5\ss, depuis le pas 100$/,
  );
});

it("is the server's own sentence for a code of another version", () => {
  const alert = anAlert({ message_code: "toString" as "below", message: "something else" });
  expect(alertMessage(alert, "fr", french)).toEqual({ text: "something else", language: "en" });
});

it("has a recommendation in the language of the page, or in the words of a rules file", () => {
  const builtin = anAlert({
    recommendation: "Do not use this model where a missed RAO would do harm",
    recommendation_code: "missed_condition",
  });
  expect(alertRecommendation(builtin, "fr")).toEqual({
    text: "N’utilisez pas ce modèle là où un cas de RAO manqué serait dangereux",
    language: "fr",
  });
  const own = anAlert({ recommendation: "Call the physicist", recommendation_code: null });
  expect(alertRecommendation(own, "fr")).toEqual({ text: "Call the physicist", language: "en" });
  expect(alertRecommendation(anAlert(), "fr")).toBeNull();
});
