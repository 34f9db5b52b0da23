import { Fragment } from "react";

/** The name of a class, which may wrap between its words. */
export function ClassName({ name }: { name: string }) {
  return name.split(/(?<=[_\s/.-])(?=[^_\s/.-])/).map((part, index) => (
    // The parts never change their order.
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}
