import type { ReactNode } from "react";
import type { Tone } from "../../../live/statusAppearance";
import styles from "./Badge.module.css";
import tones from "./tones.module.css";

export type { Tone };

/** A sign for each tone, so that colour is never the only one. */
const SIGNS: Record<Tone, string> = {
  ok: "✓",
  warning: "▲",
  critical: "✖",
  info: "●",
  stale: "◌",
};

interface Props {
  tone: Tone;
  sign?: string | undefined;
  children: ReactNode;
}

export function Badge({ tone, sign = SIGNS[tone], children }: Props) {
  return (
    <span className={`${styles.badge} ${tones[tone]}`}>
      <span aria-hidden="true">{sign}</span>
      {children}
    </span>
  );
}
