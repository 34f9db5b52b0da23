// Addresses under which the page shows the chosen files; they are given up with the page.

import { useCallback, useEffect, useRef } from "react";
import { isShownByBrowsers } from "./pictures";

export type PreviewOf = (file: File) => string | null;

export function usePreviews(): PreviewOf {
  const made = useRef(new Map<File, string>());
  useEffect(() => {
    const addresses = made.current;
    return () => {
      for (const address of addresses.values()) {
        URL.revokeObjectURL(address);
      }
      addresses.clear();
    };
  }, []);
  return useCallback((file) => {
    if (!isShownByBrowsers(file)) {
      return null;
    }
    const address = made.current.get(file) ?? URL.createObjectURL(file);
    made.current.set(file, address);
    return address;
  }, []);
}
