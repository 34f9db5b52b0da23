import { useState } from "react";
import type { EpochDetails } from "../../../../live/schemas";
import { nearest } from "./epochs";

interface Props {
  label: string;
  epochs: readonly EpochDetails[];
  value: number;
  onPick(epoch: number): void;
}

/** An input for the number of an epoch; an unknown number becomes the nearest known one. */
export function EpochField({ label, epochs, value, onPick }: Props) {
  const [draft, setDraft] = useState<string>();
  const settle = (text: string): void => {
    setDraft(undefined);
    const found = text.trim() === "" ? undefined : nearest(epochs, Number(text));
    if (found && found.epoch !== value) {
      onPick(found.epoch);
    }
  };
  return (
    <input
      type="number"
      inputMode="numeric"
      aria-label={label}
      min={epochs[0]?.epoch}
      max={epochs.at(-1)?.epoch}
      value={draft ?? value}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={(event) => settle(event.target.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter") {
          settle(event.currentTarget.value);
        } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
          // To the next epoch in the list, which may not be the next number.
          event.preventDefault();
          const at = epochs.findIndex(({ epoch }) => epoch === value);
          const next = epochs[at + (event.key === "ArrowUp" ? 1 : -1)];
          setDraft(undefined);
          if (next) {
            onPick(next.epoch);
          }
        }
      }}
    />
  );
}
