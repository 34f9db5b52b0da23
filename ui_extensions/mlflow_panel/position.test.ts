import { describe, expect, it } from "vitest";
import { fitted, GAP, nextCorner } from "./position";

const PANEL = { width: 300, height: 200 };
const WINDOW = { width: 1000, height: 800 };

describe("fitted", () => {
  it("keeps a position inside the window", () => {
    expect(fitted({ right: 100, bottom: 50 }, PANEL, WINDOW)).toEqual({ right: 100, bottom: 50 });
  });

  it("moves a panel that would be outside into the window", () => {
    const { right, bottom } = fitted({ right: -500, bottom: 5000 }, PANEL, WINDOW);
    expect({ right, bottom }).toEqual({ right: GAP, bottom: 800 - 200 - GAP });
  });

  it("keeps the upper edge visible in a window that is too small", () => {
    const small = { width: 300, height: 150 };
    expect(fitted({ right: 90, bottom: 90 }, PANEL, small)).toEqual({ right: 0, bottom: 0 });
  });

  it("centres the panel if there is hardly any room", () => {
    const narrow = { width: 310, height: 800 };
    expect(fitted({ right: 0, bottom: 0 }, PANEL, narrow).right).toBe(5);
  });
});

describe("nextCorner", () => {
  it("visits every corner and returns", () => {
    let at = fitted({ right: 0, bottom: 0 }, PANEL, WINDOW);
    const corners = [at];
    for (let turn = 0; turn < 4; turn++) {
      at = nextCorner(at, PANEL, WINDOW);
      corners.push(at);
    }
    const [far, high] = [1000 - 300 - GAP, 800 - 200 - GAP];
    expect(corners).toEqual([
      { right: GAP, bottom: GAP },
      { right: far, bottom: GAP },
      { right: far, bottom: high },
      { right: GAP, bottom: high },
      { right: GAP, bottom: GAP },
    ]);
  });
});
