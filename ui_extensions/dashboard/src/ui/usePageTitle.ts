// Names a page in the browser's tab and history while it is shown.

import { useEffect } from "react";
import { isolated } from "../../../live/bidi";

const PRODUCT = "Fovea";

export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = title === "" ? PRODUCT : `${isolated(title)} · ${PRODUCT}`;
    return () => {
      document.title = PRODUCT;
    };
  }, [title]);
}
