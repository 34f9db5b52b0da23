// State that is kept in the address of the page: a reload, Back and a shared link show the same.

import { useCallback, useMemo } from "react";
import { changeInQuery, useHashQuery } from "./hashLocation";

/** Like useState, for a text; `initial` is not in the address. */
export function useAddressText(name: string, initial = ""): [string, (text: string) => void] {
  const [query] = useHashQuery();
  const set = useCallback(
    (text: string) => changeInQuery({ [name]: text === initial ? null : text }),
    [name, initial],
  );
  return [query.get(name) ?? initial, set];
}

/** Like useState, for one of `choices`; the first is the initial one. */
export function useAddressChoice<T extends string>(
  name: string,
  choices: readonly [T, ...T[]],
): [T, (choice: T) => void] {
  const [text, set] = useAddressText(name, choices[0]);
  return [choices.find((each) => each === text) ?? choices[0], set];
}

/** Like useState, for a number of shown entries; anybody may have typed the address, hence `most`. */
export function useAddressCount(
  name: string,
  initial: number,
  most: number,
): [number, (count: number) => void] {
  const [text, setText] = useAddressText(name, String(initial));
  const set = useCallback((count: number) => setText(String(count)), [setText]);
  return [countIn(text, initial, most), set];
}

export function countIn(text: string | null, initial: number, most: number): number {
  const count = Number(text);
  return Number.isInteger(count) && count >= initial ? Math.min(count, most) : initial;
}

/** Like useState, for a few texts without commas, such as ids. */
export function useAddressList(
  name: string,
): [readonly string[], (texts: readonly string[]) => void] {
  const [text, setText] = useAddressText(name);
  const set = useCallback((texts: readonly string[]) => setText(texts.join()), [setText]);
  // The same list while the text is the same: rows and cards that take it need not be drawn again.
  return [useMemo(() => listIn(text), [text]), set];
}

export function listIn(text: string): readonly string[] {
  return [...new Set(text.split(",").filter((each) => each !== ""))];
}
