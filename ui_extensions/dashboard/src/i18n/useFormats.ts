// The number and time formats of the chosen language.

import { useMemo } from "react";
import { type Formats, formatsOf } from "../../../live/formatting";
import { useLanguage } from "./language";

export { type Formats, NOTHING } from "../../../live/formatting";

export function useFormats(): Formats {
  const locale = useLanguage((choice) => choice.locale);
  return useMemo(() => formatsOf(locale), [locale]);
}
