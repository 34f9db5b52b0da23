import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useRef } from "react";
import styles from "./LogList.module.css";
import { LogRow } from "./LogRow";
import type { Line } from "./logLines";

const LINE_PX = 20;
const NEAR_END_PX = 8;

interface Props {
  label: string;
  lines: readonly Line[];
  wanted: RegExp | null;
  wraps: boolean;
  follows: boolean;
  onFollows(follows: boolean): void;
  /** Key of the line to scroll to. */
  current: number | null;
}

/** The lines in a scrolling region; only the visible ones are in the document. */
export function LogList({ label, lines, wanted, wraps, follows, onFollows, current }: Props) {
  const region = useRef<HTMLDivElement>(null);
  const before = useRef({ top: 0, height: 0 });
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => region.current,
    estimateSize: () => LINE_PX,
    getItemKey: useCallback((index: number) => lines[index]?.key ?? index, [lines]),
    // The visible lines stay in place while others are appended and dropped.
    anchorTo: "end",
    overscan: 12,
  });

  // Each of these dependencies moves the end.
  useLayoutEffect(() => {
    if (follows) {
      rows.scrollToEnd();
    }
  }, [follows, lines, wraps, rows]);

  useEffect(() => {
    const index = lines.findIndex(({ key }) => key === current);
    if (index >= 0) {
      rows.scrollToIndex(index, { align: "center" });
    }
    // New lines must not scroll back.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [current, rows]);

  const onScroll = () => {
    const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = region.current ?? {};
    const { top, height } = before.current;
    before.current = { top: scrollTop, height: scrollHeight };
    const isAtEnd = scrollHeight - clientHeight - scrollTop < NEAR_END_PX;
    if (follows && scrollTop < top && scrollHeight >= height && !isAtEnd) {
      onFollows(false);
    } else if (!follows && scrollTop > top && isAtEnd) {
      onFollows(true);
    }
  };

  return (
    // A scrolling region must be reachable by keyboard. It is not read out: too many lines come.
    <div
      ref={region}
      role="log"
      aria-live="off"
      aria-label={label}
      // See above.
      tabIndex={0}
      className={`${styles.region} ${wraps ? styles.wraps : ""}`}
      onScroll={onScroll}
    >
      <div className={styles.lines} style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, key, start }) => {
          const line = lines[index];
          return (
            line && (
              <div
                key={key}
                ref={rows.measureElement}
                data-index={index}
                className={styles.place}
                style={{ transform: `translateY(${start}px)` }}
              >
                <LogRow line={line} wanted={wanted} isCurrent={line.key === current} />
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}
