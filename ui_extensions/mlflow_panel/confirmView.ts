// Asks for confirmation of a command, and explains its effect.

import type { Action } from "../live/controls";
import { element, setAttribute } from "./elements";
import { listen } from "./guarded";
import type { Words } from "./words";

export type SendCommand = (action: Action, release?: boolean) => void;

export class ConfirmView {
  readonly root = element("div", { class: "confirm", role: "group", hidden: true });
  /** The command to be confirmed; null if none is. */
  pendingAction: "pause" | "stop" | null = null;

  constructor(
    private readonly words: Words,
    private readonly send: SendCommand,
    /** Called if the user cancels, or the command is no longer possible. */
    private readonly onCancel: (action: "pause" | "stop") => void,
  ) {
    listen(this.root, "keydown", (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        this.cancel();
      }
    });
  }

  ask(action: "pause" | "stop"): void {
    this.pendingAction = action;
    setAttribute(this.root, "aria-label", this.words.command[action]);
    const first = action === "stop" ? this.askToStop() : this.askToPause();
    this.root.hidden = false;
    first.focus();
  }

  cancel(): void {
    const { pendingAction } = this;
    const wasFocused = this.root.matches(":focus-within");
    this.close();
    if (pendingAction && wasFocused) {
      this.onCancel(pendingAction);
    }
  }

  close(): void {
    this.pendingAction = null;
    this.root.hidden = true;
  }

  /** Returns the button to focus: Cancel, so that Enter does not stop the run. */
  private askToStop(): HTMLButtonElement {
    const { words } = this;
    const cancel = this.button(words.cancel, () => this.cancel());
    const stop = this.button(words.stopYes, () => this.confirm("stop"));
    stop.className = "danger";
    const buttons = element("div", { class: "buttons" }, cancel, stop);
    this.root.replaceChildren(element("p", {}, words.stopText), buttons);
    return cancel;
  }

  private askToPause(): HTMLButtonElement {
    const { words } = this;
    const hold = this.button(words.hold, () => this.confirm("pause"));
    const release = this.button(words.release, () => this.confirm("pause", true));
    const cancel = this.button(words.cancel, () => this.cancel());
    this.root.replaceChildren(
      element("p", {}, words.pauseText),
      element("div", { class: "choice" }, hold, words.holdText, release, words.releaseText),
      element("div", { class: "buttons" }, cancel),
    );
    return hold;
  }

  private confirm(action: Action, release = false): void {
    this.close();
    this.send(action, release);
  }

  private button(text: string, press: () => void): HTMLButtonElement {
    const made = element("button", { type: "button" }, text);
    listen(made, "click", press);
    return made;
  }
}
