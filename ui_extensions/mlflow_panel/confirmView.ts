// What a command does, before it is given.

import type { Action } from "../live/controls";
import { element, setAttribute } from "./elements";
import { listen } from "./guarded";
import type { Words } from "./words";

export type Give = (action: Action, release?: boolean) => void;

export class ConfirmView {
  readonly root = element("div", { class: "confirm", role: "group", hidden: true });
  /** What is asked about now. */
  asked: "pause" | "stop" | null = null;

  constructor(
    private readonly words: Words,
    private readonly give: Give,
    /** Somebody has thought better of it, or it is not possible any more. */
    private readonly onCancel: (asked: "pause" | "stop") => void,
  ) {
    listen(this.root, "keydown", (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        this.cancel();
      }
    });
  }

  ask(action: "pause" | "stop"): void {
    this.asked = action;
    setAttribute(this.root, "aria-label", this.words.command[action]);
    const first = action === "stop" ? this.askToStop() : this.askToPause();
    this.root.hidden = false;
    first.focus();
  }

  cancel(): void {
    const { asked } = this;
    const wasFocused = this.root.matches(":focus-within");
    this.close();
    if (asked && wasFocused) {
      this.onCancel(asked);
    }
  }

  close(): void {
    this.asked = null;
    this.root.hidden = true;
  }

  /** The button that Enter presses next: not the one that ends the run. */
  private askToStop(): HTMLButtonElement {
    const { words } = this;
    const cancel = this.button(words.cancel, () => this.cancel());
    const stop = this.button(words.stopYes, () => this.answer("stop"));
    stop.className = "danger";
    const buttons = element("div", { class: "buttons" }, cancel, stop);
    this.root.replaceChildren(element("p", {}, words.stopText), buttons);
    return cancel;
  }

  private askToPause(): HTMLButtonElement {
    const { words } = this;
    const hold = this.button(words.hold, () => this.answer("pause"));
    const release = this.button(words.release, () => this.answer("pause", true));
    const cancel = this.button(words.cancel, () => this.cancel());
    this.root.replaceChildren(
      element("p", {}, words.pauseText),
      element("div", { class: "choice" }, hold, words.holdText, release, words.releaseText),
      element("div", { class: "buttons" }, cancel),
    );
    return hold;
  }

  private answer(action: Action, release = false): void {
    this.close();
    this.give(action, release);
  }

  private button(text: string, press: () => void): HTMLButtonElement {
    const made = element("button", { type: "button" }, text);
    listen(made, "click", press);
    return made;
  }
}
