import { Fragment } from "react";

/** The name of a class, which may break where its words end. */
export function ClassName({ name }: { name: string }) {
  return name.split(/(?<=[_\s/.-])(?=[^_\s/.-])/).map((part, index) => (
    // The parts never move.
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}
