import { useFormats } from "../i18n/useFormats";

interface Props {
  time: string;
  /** The present time, shared by all entries of a list. */
  nowMs: number;
}

/** How long ago, with the exact time as a tooltip. */
export function RelativeTime({ time, nowMs }: Props) {
  const { ago, date } = useFormats();
  return (
    <time dateTime={time} title={date(time)}>
      {ago(Date.parse(time), nowMs)}
    </time>
  );
}
