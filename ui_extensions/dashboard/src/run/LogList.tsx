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
  /** The key of the line that is to be in sight. */
  current: number | null;
}

/** The lines in a scrolling region, of which only those in sight are in the document. */
export function LogList({ label, lines, wanted, wraps, follows, onFollows, current }: Props) {
  const region = useRef<HTMLDivElement>(null);
  const before = useRef({ top: 0, height: 0 });
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => region.current,
    estimateSize: () => LINE_PX,
    getItemKey: useCallback((index: number) => lines[index]?.key ?? index, [lines]),
    // What is read stays where it is while lines come below and go above.
    anchorTo: "end",
    overscan: 12,
  });

  // All of these move the end.
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
    // Lines that come must not scroll back.
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
    // The region scrolls, so the keyboard must reach it. It is not read out: lines are a flood.
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
