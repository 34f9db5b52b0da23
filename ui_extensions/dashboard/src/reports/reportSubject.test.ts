import { describe, expect, it } from "vitest";
import { ServerAddress } from "../../../live/address";
import { reportLanguage, reportUrl, storedReport } from "./reportSubject";

const address = new ServerAddress(new URL("https://host/prefix/"), "ward 1");

describe("reportUrl", () => {
  it("names runs and the workspace in the query, and a project in the path", () => {
    expect(reportUrl(address, { kind: "runs", runIds: ["a", "b"] }, "fr")).toBe(
      "https://host/prefix/api/v1/runs/report?run_id=a&run_id=b&language=fr&workspace=ward+1",
    );
    expect(reportUrl(address, { kind: "project", projectId: "a/b" }, "en")).toBe(
      "https://host/prefix/api/v1/projects/a%2Fb/report?language=en&workspace=ward+1",
    );
  });
});

describe("storedReport", () => {
  it("names the runs, or nothing for a project", () => {
    expect(storedReport({ kind: "runs", runIds: ["a"] }, "en")).toEqual({
      run_ids: ["a"],
      language: "en",
      store: true,
    });
    expect(storedReport({ kind: "project", projectId: "a" }, "fr")).toEqual({
      language: "fr",
      store: true,
    });
  });
});

describe("reportLanguage", () => {
  it("is English where the pages have another language than French", () => {
    expect(["fr", "fr-CA", "en", "de"].map(reportLanguage)).toEqual(["fr", "fr", "en", "en"]);
  });
});
