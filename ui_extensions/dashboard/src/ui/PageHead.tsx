import type { ReactNode } from "react";
import styles from "./PageHead.module.css";

interface Props {
  title: string;
  /** How much the page shows, beside the title. */
  count?: ReactNode;
  /** What can be done or chosen, at the end of the line. */
  children: ReactNode;
}

/** The first line of a page that lists something. */
export function PageHead({ title, count, children }: Props) {
  return (
    <div className={styles.head}>
      <h1>{title}</h1>
      {count && <span className={styles.count}>{count}</span>}
      <div className={styles.tools}>{children}</div>
    </div>
  );
}
