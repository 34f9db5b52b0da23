import { describe, expect, it } from "vitest";
import { fitted, GAP } from "./position";
import { besideBoxes, type TextBox } from "./textBoxes";

const PANEL = { width: 300, height: 200 };
const WINDOW = { width: 1400, height: 800 };
const CORNER = { right: GAP, bottom: GAP };
const ASSISTANT: TextBox = { left: 1080, top: 690, right: 1390, bottom: 800, columnLeft: 1060 };

describe("besideBoxes", () => {
  it("leaves the panel where it covers no text box", () => {
    expect(besideBoxes(CORNER, PANEL, WINDOW, [])).toEqual(CORNER);
    const high = { right: GAP, bottom: 500 };
    expect(besideBoxes(high, PANEL, WINDOW, [ASSISTANT])).toEqual(high);
  });

  it("puts it beside the column of the assistant, whose question box it would cover", () => {
    expect(besideBoxes(CORNER, PANEL, WINDOW, [ASSISTANT])).toEqual({
      right: 1400 - 1060 + GAP,
      bottom: GAP,
    });
  });

  it("puts it above the box in a window without room beside it", () => {
    const phone = { width: 400, height: 800 };
    const box = { left: 10, top: 690, right: 390, bottom: 800, columnLeft: 0 };
    expect(besideBoxes(CORNER, PANEL, phone, [box])).toEqual({
      right: GAP,
      bottom: 800 - 690 + GAP,
    });
  });

  it("leaves it where it is if there is no room at all", () => {
    const tiny = { width: 320, height: 220 };
    const box = { left: 0, top: 0, right: 320, bottom: 220, columnLeft: 0 };
    expect(besideBoxes(CORNER, PANEL, tiny, [box])).toEqual(fitted(CORNER, PANEL, tiny));
  });
});
