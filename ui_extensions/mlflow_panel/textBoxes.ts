// Keeps the panel off the text boxes of MLflow's page, such as that of its assistant.

import { fitted, GAP, type Position, type Size } from "./position";

export interface TextBox {
  left: number;
  top: number;
  right: number;
  bottom: number;
  /** Left edge of the column that the box is in, such as the assistant's. */
  columnLeft: number;
}

/** Around a box and below it are the buttons that belong to it. */
const AROUND_PX = 16;
const BELOW_PX = 72;
/** A column is nearly as high as the window, and narrower than this share of it. */
const COLUMN_HEIGHT = 0.8;
const COLUMN_WIDTH = 0.6;

/** The position nearest to `wanted` by these rules: where it is, beside the box's column, above the box. */
export function besideBoxes(
  wanted: Position,
  panel: Size,
  window: Size,
  boxes: readonly TextBox[],
): Position {
  const at = fitted(wanted, panel, window);
  const isFree = (position: Position): boolean =>
    boxes.every((box) => !covers(position, panel, window, box));
  const covered = boxes.find((box) => covers(at, panel, window, box));
  if (!covered) {
    return at;
  }
  const choices = [
    { right: window.width - covered.columnLeft + GAP, bottom: at.bottom },
    { right: at.right, bottom: window.height - covered.top + GAP },
    { right: window.width, bottom: at.bottom },
  ];
  return choices.map((choice) => fitted(choice, panel, window)).find(isFree) ?? at;
}

function covers(at: Position, panel: Size, window: Size, box: TextBox): boolean {
  const right = window.width - at.right;
  const bottom = window.height - at.bottom;
  const isBeside = right <= box.left || right - panel.width >= box.right;
  const isAboveOrBelow = bottom <= box.top || bottom - panel.height >= box.bottom;
  return !isBeside && !isAboveOrBelow;
}

/** The visible text boxes of the page. */
export function textBoxes(): TextBox[] {
  return [...document.querySelectorAll("textarea")].flatMap((element) => {
    const { left, top, right, bottom, width, height } = element.getBoundingClientRect();
    const isVisible = width > 0 && height > 0 && bottom > 0 && top < window.innerHeight;
    if (!isVisible) {
      return [];
    }
    return [
      {
        left: left - AROUND_PX,
        top: top - AROUND_PX,
        right: right + AROUND_PX,
        bottom: bottom + BELOW_PX,
        columnLeft: columnLeft(element) ?? left - AROUND_PX,
      },
    ];
  });
}

function columnLeft(element: Element): number | null {
  for (let each = element.parentElement; each; each = each.parentElement) {
    const { left, width, height } = each.getBoundingClientRect();
    if (width > COLUMN_WIDTH * window.innerWidth) {
      return null;
    }
    if (height > COLUMN_HEIGHT * window.innerHeight) {
      return left;
    }
  }
  return null;
}
