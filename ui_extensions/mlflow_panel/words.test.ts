import { describe, expect, it } from "vitest";
import { readerOf } from "./words";

describe("readerOf", () => {
  it("uses the first language that is available", () => {
    expect(readerOf(null, ["de-CH", "fr-CH", "en"])).toMatchObject({
      language: "fr",
      locale: "fr-CH",
    });
    expect(readerOf(null, ["de"])).toMatchObject({ language: "en", locale: "en" });
    expect(readerOf(null, [])).toMatchObject({ language: "en", locale: "en" });
  });

  it("uses the language chosen in the dashboard", () => {
    expect(readerOf("fr", ["en-GB"])).toMatchObject({ language: "fr", locale: "fr" });
    expect(readerOf("en", ["fr-FR", "en-GB"])).toMatchObject({ language: "en", locale: "en-GB" });
    expect(readerOf("constructor", ["en-GB"])).toMatchObject({ language: "en" });
  });

  it("has singular and plural", () => {
    const [en, fr] = ["en", "fr"].map((language) => readerOf(null, [language]).words);
    expect([en?.numAlerts(1, "1"), en?.numAlerts(2, "2")]).toEqual(["1 alert", "2 alerts"]);
    expect([fr?.numAlerts(1, "1"), fr?.numAlerts(2, "2")]).toEqual(["1 alerte", "2 alertes"]);
  });
});
