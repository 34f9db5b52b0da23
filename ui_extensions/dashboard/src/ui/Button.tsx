import type { ButtonHTMLAttributes, ReactNode } from "react";
import styles from "./Button.module.css";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  variant?: "plain" | "primary" | "danger" | "subtle";
  isBusy?: boolean;
  /** Why the button is disabled; it stays focusable, so that everybody can read the reason. */
  whyNot?: string | undefined;
  children: ReactNode;
}

export function Button({ variant = "plain", isBusy = false, whyNot, onClick, ...rest }: Props) {
  const isOff = isBusy || whyNot !== undefined;
  return (
    <button
      type="button"
      {...rest}
      className={`${styles.button} ${styles[variant]} ${rest.className ?? ""}`}
      aria-disabled={isOff || undefined}
      aria-busy={isBusy || undefined}
      title={whyNot ?? rest.title}
      onClick={(event) => {
        if (isOff) {
          event.preventDefault();
        } else {
          onClick?.(event);
        }
      }}
    >
      {isBusy && <span className={styles.spinner} aria-hidden="true" />}
      {rest.children}
      {whyNot && <span className="visually-hidden">({whyNot})</span>}
    </button>
  );
}
