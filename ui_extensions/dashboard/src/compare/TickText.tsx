import { closed } from "../../../live/bidi";
import { useFormats } from "../i18n/useFormats";
import styles from "./ParamPlots.module.css";

const LONGEST = 12;

interface Props {
  x: number;
  y: number;
  anchor: "start" | "middle" | "end";
  value: number | string;
}

/** The label of a tick; a long text is cut, and whole when it is pointed at. */
export function TickText({ x, y, anchor, value }: Props) {
  const { metric } = useFormats();
  const text = typeof value === "number" ? metric(value) : closed(value);
  const letters = [...text];
  const isLong = letters.length > LONGEST;
  return (
    <text className={styles.tick} x={x} y={y} textAnchor={anchor}>
      {isLong ? `${letters.slice(0, LONGEST - 1).join("")}…` : text}
      {isLong && <title>{text}</title>}
    </text>
  );
}
