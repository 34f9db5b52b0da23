import type { ReactNode } from "react";
import table from "../Table.module.css";

interface Props {
  /** The closed summary, and the name of the table's region. */
  title: string;
  heads: readonly string[];
  /** One row of cells in the order of `heads`. */
  rows: readonly (readonly ReactNode[])[];
}

/** The numbers of a drawing, for those who do not see it; closed at first. */
export function NumberTable({ title, heads, rows }: Props) {
  return (
    <details>
      <summary>{title}</summary>
      <section className={table.scroller} tabIndex={0} aria-label={title}>
        <table className={table.table}>
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col" className={table.number}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((cells, index) => (
              <tr key={index}>
                {cells.map((cell, column) => (
                  <td key={heads[column]} className={table.number}>
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
