import { type ReactNode, useId } from "react";
import styles from "./FormField.module.css";

/** What ties an input to its words; to be spread over it. */
export interface InputTies {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

interface Props {
  label: ReactNode;
  hint?: ReactNode;
  problem?: string | undefined;
  children(ties: InputTies): ReactNode;
}

/** An input with its label, what it means, and what is wrong with it. */
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
