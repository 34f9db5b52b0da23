import { expect, it } from "vitest";
import { tellingFirst } from "./fieldOrder";

it("shows first what all runs have and what differs", () => {
  const fields = [
    { name: "equal", differs: false, values: ["x", "x"] },
    { name: "of one run", differs: true, values: ["x", null] },
    { name: "of both", differs: true, values: ["x", "y"] },
    { name: "not finite", differs: true, values: [null, 1], not_finite: ["NaN", null] },
  ];
  expect(tellingFirst(fields).map(({ name }) => name)).toEqual([
    "of both",
    "not finite",
    "of one run",
    "equal",
  ]);
});
