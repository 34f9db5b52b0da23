import { useFormats } from "../i18n/useFormats";

interface Props {
  time: string;
  /** What "ago" is serverCount from, so that a list of these needs one clock. */
  nowMs: number;
}

/** How long ago, and exactly when for whoever points at it. */
export function RelativeTime({ time, nowMs }: Props) {
  const { ago, date } = useFormats();
  return (
    <time dateTime={time} title={date(time)}>
      {ago(Date.parse(time), nowMs)}
    </time>
  );
}
