import { expect, it } from "vitest";
import { CATALOG } from "./catalogExample";
import file from "./classifiedNames.json";
import { headlineNames } from "./headlines";

it.each(file.headlines)("$logged has the headlines $chosen", ({ logged, chosen }) => {
  expect(headlineNames(logged, CATALOG)).toEqual(chosen);
});
