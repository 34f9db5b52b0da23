import { type ReactNode, useId } from "react";
import styles from "./Section.module.css";

interface Props {
  title: string;
  id?: string;
  /** Controls beside the title. */
  tools?: ReactNode;
  children: ReactNode;
}

/** A titled part of a page, which screen readers list as a region. */
export function Section({ title, id, tools, children }: Props) {
  const titleId = useId();
  return (
    <section className={styles.section} id={id} aria-labelledby={titleId}>
      <div className={styles.head}>
        <h2 id={titleId}>{title}</h2>
        {tools && <div className={styles.tools}>{tools}</div>}
      </div>
      {children}
    </section>
  );
}

/** The text in place of content that does not exist yet. */
export function Empty({ children }: { children: ReactNode }) {
  return <p className={styles.empty}>{children}</p>;
}
