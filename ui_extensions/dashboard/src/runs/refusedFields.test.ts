import { describe, expect, it } from "vitest";
import { problemsByField } from "./refusedFields";

describe("the server's refusals", () => {
  it("are assigned to their fields", () => {
    const found = problemsByField(
      [
        { field: "body.params.epochs", message: "0 is less than the minimum of 1" },
        { field: "body.params.betas.bool", message: "no boolean" },
        { field: "body.params.betas.int", message: "no integer" },
        { field: "body.workers", message: "too many" },
        { field: "body.params", message: "'x' is unexpected" },
      ],
      new Set(["epochs", "betas", "workers"]),
    );
    expect(Object.fromEntries(found)).toEqual({
      epochs: "0 is less than the minimum of 1",
      betas: "no boolean; no integer",
      workers: "too many",
      "": "body.params: 'x' is unexpected",
    });
  });
});
