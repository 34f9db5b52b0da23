import type { ReactNode } from "react";
import styles from "./Generator.module.css";

interface Props {
  /** Those without a value are left out. */
  facts: ReadonlyArray<readonly [name: ReactNode, value: ReactNode]>;
}

/** Named figures in columns. */
export function Facts({ facts }: Props) {
  return (
    <dl className={styles.facts}>
      {facts.map(
        ([name, value], index) =>
          value !== null &&
          value !== "" && (
            <div key={index}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
