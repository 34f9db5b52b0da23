import { type ReactNode, useId } from "react";
import styles from "./FormField.module.css";

/** Attributes that connect an input with its label and texts; spread them over the input. */
export interface InputAttributes {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

interface Props {
  label: ReactNode;
  hint?: ReactNode;
  problem?: string | undefined;
  children(attributes: InputAttributes): ReactNode;
}

/** An input with its label, hint and problem. */
export function FormField({ label, hint, problem, children }: Props) {
  const id = useId();
  const hintId = `${id}-hint`;
  const problemId = `${id}-problem`;
  const described = [problem && problemId, hint && hintId].filter(Boolean).join(" ");
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        "aria-describedby": described || undefined,
        "aria-invalid": problem ? true : undefined,
      })}
      {problem && (
        <p id={problemId} className={styles.problem}>
          <span aria-hidden="true">▲ </span>
          {problem}
        </p>
      )}
      {hint && (
        <p id={hintId} className={styles.hint}>
          {hint}
        </p>
      )}
    </div>
  );
}
