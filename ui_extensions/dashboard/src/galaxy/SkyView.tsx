import { type KeyboardEvent, type PointerEvent, useEffect, useId, useRef, useState } from "react";
import { useWords, words } from "../i18n/words";
import { Button } from "../ui/Button";
import { Labels } from "./labels";
import type { Sky } from "./layout";
import type { Picked } from "./picking";
import { SkyStage } from "./skyStage";
import styles from "./SkyView.module.css";
import { useStillness } from "./useStillness";
import type { ViewKind } from "./view";

const texts = words(
  {
    sky: "Sky with the projects as stars",
    keys: "Arrow keys move the sky, plus and minus change its size, Home shows all, Escape leaves a project. The list beside it has every star as a button.",
    closer: "Closer",
    farther: "Farther",
    all: "Show all",
    flat: "This browser has no WebGL at the moment: the same sky is drawn without it.",
    unnamed: "Unnamed project",
  },
  {
    fr: {
      sky: "Ciel avec les projets comme étoiles",
      keys: "Les flèches déplacent le ciel, plus et moins changent sa taille, Origine montre tout, Échap quitte un projet. La liste à côté a un bouton pour chaque étoile.",
      closer: "Plus près",
      farther: "Plus loin",
      all: "Tout afficher",
      flat: "Ce navigateur n’a pas WebGL en ce moment : le même ciel est dessiné sans lui.",
      unnamed: "Projet sans nom",
    },
  },
);

const STEP_PX = 60;
const ZOOM = 1.35;
/** A press that moves farther is a pull. */
const STILL_PX = 5;
const WHEEL_PX = 500;

/** The body that the sky shows from close by; null shows all. */
export interface Target {
  key: string;
  x: number;
  z: number;
  radius: number;
}

interface Props {
  sky: Sky;
  selectedId: string | null;
  target: Target | null;
  /** A star that the list has under its cursor. */
  pointedId: string | null;
  onPick(picked: Picked): void;
  onLeave(): void;
}

export function SkyView({ sky, selectedId, target, pointedId, onPick, onLeave }: Props) {
  const t = useWords(texts);
  const keysId = useId();
  const host = useRef<HTMLDivElement>(null);
  const mark = useRef<HTMLDivElement>(null);
  const unnamed = useRef(t.unnamed);
  const stage = useRef<SkyStage | null>(null);
  const [kind, setKind] = useState<ViewKind>();
  const [hoveredId, setHoveredId] = useState<string | null>(null);
  const isStill = useStillness();
  unnamed.current = t.unnamed;

  useEffect(() => {
    if (!host.current || !mark.current) {
      return undefined;
    }
    const shown = new SkyStage(host.current, {
      labels: new Labels(styles.labels ?? "", () => unnamed.current),
      mark: mark.current,
      onView: setKind,
    });
    stage.current = shown;
    return () => shown.close();
  }, []);
  useEffect(() => stage.current?.setStill(isStill), [isStill]);
  const pointed = pointedId ?? hoveredId;
  useEffect(() => {
    const star = pointed === null ? undefined : sky.byId.get(pointed);
    const chosen = [pointed, selectedId].filter((id) => id !== null);
    stage.current?.choose(selectedId, chosen, star ?? target ?? undefined);
  }, [sky, selectedId, pointed, target]);
  useEffect(() => stage.current?.show(sky), [sky]);
  useFlights(stage, target);
  // After a flight another body is under the pointer.
  useEffect(() => setHoveredId(null), [target]);
  const handlers = usePointer(stage, onPick, setHoveredId);
  useWheel(host, stage);

  const onKeyDown = (event: KeyboardEvent) => {
    const act = keyAction(event.key, stage.current, onLeave);
    if (act && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      act();
    }
  };
  return (
    <div className={styles.sky} data-view={kind}>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- HTML has no element for a
      drawing that moves */}
      <div
        ref={host}
        className={styles.host}
        role="application"
        aria-label={t.sky}
        aria-describedby={keysId}
        tabIndex={0}
        onKeyDown={onKeyDown}
        data-pointing={hoveredId !== null || undefined}
        {...handlers}
      >
        <div ref={mark} className={styles.mark} hidden />
      </div>
      <p id={keysId} className="visually-hidden">
        {t.keys}
      </p>
      <div className={styles.tools}>
        <Button
          title={t.closer}
          aria-label={t.closer}
          onClick={() => stage.current?.zoom(1 / ZOOM)}
        >
          +
        </Button>
        <Button title={t.farther} aria-label={t.farther} onClick={() => stage.current?.zoom(ZOOM)}>
          −
        </Button>
        <Button onClick={() => stage.current?.flyHome()}>{t.all}</Button>
      </div>
      {kind === "flat" && <p className={styles.flat}>{t.flat}</p>}
    </div>
  );
}

function keyAction(
  key: string,
  stage: SkyStage | null,
  leave: () => void,
): (() => void) | undefined {
  const actions: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => stage?.move(STEP_PX, 0),
    ArrowRight: () => stage?.move(-STEP_PX, 0),
    ArrowUp: () => stage?.move(0, STEP_PX),
    ArrowDown: () => stage?.move(0, -STEP_PX),
    "+": () => stage?.zoom(1 / ZOOM),
    "=": () => stage?.zoom(1 / ZOOM),
    "-": () => stage?.zoom(ZOOM),
    Home: () => stage?.flyHome(),
    Escape: leave,
  };
  return Object.hasOwn(actions, key) ? actions[key] : undefined;
}

/** Flies whenever another body is chosen, and back when none is any more. */
function useFlights(stage: React.RefObject<SkyStage | null>, target: Target | null): void {
  const flownTo = useRef<string | null>(null);
  useEffect(() => {
    const key = target?.key ?? null;
    if (key === flownTo.current) {
      return;
    }
    flownTo.current = key;
    if (target) {
      stage.current?.flyTo(target);
    } else {
      stage.current?.flyHome();
    }
  }, [stage, target]);
}

/** A page cannot keep a wheel from scrolling it in a handler of React. */
function useWheel(
  host: React.RefObject<HTMLDivElement | null>,
  stage: React.RefObject<SkyStage | null>,
): void {
  useEffect(() => {
    const element = host.current;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      stage.current?.zoom(Math.exp(event.deltaY / WHEEL_PX));
    };
    element?.addEventListener("wheel", onWheel, { passive: false });
    return () => element?.removeEventListener("wheel", onWheel);
  }, [host, stage]);
}

interface Pointer {
  left: number;
  top: number;
}

/** One pointer pulls the sky or chooses a body, two change the distance. */
function usePointer(
  stage: React.RefObject<SkyStage | null>,
  onPick: (picked: Picked) => void,
  onHover: (projectId: string | null) => void,
) {
  const pressed = useRef(new Map<number, Pointer>());
  const wasPulled = useRef(false);
  const at = (event: PointerEvent): Pointer => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    return { left: event.clientX - left, top: event.clientY - top };
  };
  const spread = () => {
    const [a, b] = [...pressed.current.values()];
    return a && b ? Math.hypot(a.left - b.left, a.top - b.top) : 0;
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      wasPulled.current = pressed.current.size > 0;
      pressed.current.set(event.pointerId, at(event));
    },
    onPointerMove: (event: PointerEvent) => {
      const now = at(event);
      const before = pressed.current.get(event.pointerId);
      if (!before) {
        onHover(stage.current?.pick(now.left, now.top)?.projectId ?? null);
        return;
      }
      const [right, down] = [now.left - before.left, now.top - before.top];
      if (!wasPulled.current && Math.hypot(right, down) < STILL_PX) {
        return;
      }
      wasPulled.current = true;
      const widthBefore = spread();
      pressed.current.set(event.pointerId, now);
      if (pressed.current.size > 1) {
        stage.current?.zoom(widthBefore / Math.max(1, spread()));
      } else {
        stage.current?.move(right, down);
      }
    },
    onPointerUp: (event: PointerEvent) => {
      const wasPressed = pressed.current.delete(event.pointerId);
      if (wasPressed && !wasPulled.current) {
        const { left, top } = at(event);
        const picked = stage.current?.pick(left, top);
        if (picked) {
          onPick(picked);
        }
      }
    },
    onPointerCancel: (event: PointerEvent) => pressed.current.delete(event.pointerId),
    onPointerLeave: () => onHover(null),
  };
}
