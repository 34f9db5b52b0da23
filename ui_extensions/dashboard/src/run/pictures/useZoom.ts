// Zooming and moving a picture by wheel, pointers and keys.

import {
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
  useCallback,
  useEffect,
  useRef,
  useState,
} from "react";
import { afterKey, moved, type Point, WHOLE, type Zoom, zoomed } from "./zoom";

const WHEEL_FACTOR = 1.0015;

export interface ZoomState {
  zoom: Zoom;
  /** For the part of the page that shows one picture; several may share the zoom. */
  handlers: {
    onKeyDown(event: KeyboardEvent<HTMLElement>): void;
    onPointerDown(event: PointerEvent<HTMLElement>): void;
    onPointerMove(event: PointerEvent<HTMLElement>): void;
    onPointerUp(event: PointerEvent<HTMLElement>): void;
    onPointerCancel(event: PointerEvent<HTMLElement>): void;
  };
  onWheel(event: WheelEvent, element: HTMLElement): void;
  /** Does what the key does, in an element of this size. */
  press(key: string, element: HTMLElement | null): void;
}

export function useZoom(): ZoomState {
  const [zoom, setZoom] = useState(WHOLE);
  const pointers = useRef(new Map<number, Point>());

  const press = useCallback((key: string, element: HTMLElement | null) => {
    if (element) {
      setZoom((before) => afterKey(before, key, sizeOf(element)) ?? before);
    }
  }, []);
  const onWheel = useCallback((event: WheelEvent, element: HTMLElement) => {
    event.preventDefault();
    const point = placeIn(element, event);
    const factor = WHEEL_FACTOR ** -event.deltaY;
    setZoom((before) => zoomed(before, factor, point, sizeOf(element)));
  }, []);
  const release = (event: PointerEvent<HTMLElement>) => pointers.current.delete(event.pointerId);
  return {
    zoom,
    onWheel,
    press,
    handlers: {
      onKeyDown(event) {
        const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
        if (isPlain && afterKey(zoom, event.key, sizeOf(event.currentTarget))) {
          event.preventDefault();
          press(event.key, event.currentTarget);
        }
      },
      onPointerDown(event) {
        event.currentTarget.setPointerCapture(event.pointerId);
        pointers.current.set(event.pointerId, placeIn(event.currentTarget, event));
      },
      onPointerMove(event) {
        const element = event.currentTarget;
        const from = pointers.current.get(event.pointerId);
        if (!from) {
          return;
        }
        const to = placeIn(element, event);
        const size = sizeOf(element);
        const [other] = [...pointers.current].flatMap(([id, place]) =>
          id === event.pointerId ? [] : [place],
        );
        pointers.current.set(event.pointerId, to);
        setZoom((before) =>
          other
            ? zoomed(before, distance(to, other) / (distance(from, other) || 1), other, size)
            : moved(before, { x: to.x - from.x, y: to.y - from.y }, size),
        );
      },
      onPointerUp: release,
      onPointerCancel: release,
    },
  };
}

/** React's own wheel handlers cannot keep the page from scrolling. */
export function useWheel(
  element: RefObject<HTMLElement | null>,
  onWheel: ZoomState["onWheel"],
): void {
  useEffect(() => {
    const { current } = element;
    if (!current) {
      return undefined;
    }
    const listener = (event: WheelEvent) => onWheel(event, current);
    current.addEventListener("wheel", listener, { passive: false });
    return () => current.removeEventListener("wheel", listener);
  }, [element, onWheel]);
}

function sizeOf({ clientWidth, clientHeight }: HTMLElement) {
  return { width: clientWidth, height: clientHeight };
}

function placeIn(
  element: HTMLElement,
  { clientX, clientY }: Record<"clientX" | "clientY", number>,
) {
  const { left, top } = element.getBoundingClientRect();
  return { x: clientX - left, y: clientY - top };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
