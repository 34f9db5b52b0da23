import { useEffect, useId, useRef, useState } from "react";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { address } from "../../live/session";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { ArtifactImage } from "../ArtifactImage";
import { artifactUrl } from "../artifacts";
import { useWheel, useZoom, type ZoomState } from "./useZoom";
import styles from "./Viewer.module.css";
import { SHARP_SCALE } from "./zoom";

const texts = words(
  {
    failed: "The picture cannot be shown.",
    download: "Download",
    close: "Close",
    nearer: "Zoom in",
    further: "Zoom out",
    whole: "Whole picture",
    keys: "Wheel or + and −: zoom. Drag or arrows: move. 0: the whole picture.",
    stage: (name: string) => `${name}: arrows move, + and − zoom, 0 shows the whole picture`,
    step: (step: string) => `Step ${step}`,
    shown: "Step shown",
    beside: "Beside it",
    nothing: "nothing",
  },
  {
    fr: {
      failed: "L’image ne peut pas être affichée.",
      download: "Télécharger",
      close: "Fermer",
      nearer: "Agrandir",
      further: "Réduire",
      whole: "Image entière",
      keys: "Molette ou + et − : zoom. Glisser ou flèches : déplacer. 0 : l’image entière.",
      stage: (name) => `${name} : les flèches déplacent, + et − zooment, 0 montre l’image entière`,
      step: (step) => `Pas ${step}`,
      shown: "Pas montré",
      beside: "À côté",
      nothing: "rien",
    },
  },
);

/** A picture of the same key at another step. */
export interface StepPicture {
  step: number;
  path: string;
}

interface Props {
  runId: string;
  path: string;
  name: string;
  /** The same picture over the steps, if it has several. */
  steps: readonly StepPicture[];
  /** Of a path whose content changes. */
  version?: number | undefined;
  onClose(): void;
}

/** Pictures in full size; two steps side by side show the same part. */
export function Viewer({ runId, path, name, steps, version, onClose }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const stages = useRef<HTMLDivElement>(null);
  const zoom = useZoom();
  const [first, setFirst] = useState(path);
  const [second, setSecond] = useState("");
  const shown = second === "" ? [first] : [first, second];
  const labelOf = (each: string) => {
    const step = steps.find((one) => one.path === each)?.step;
    return step === undefined ? name : t.step(whole(step));
  };
  const press = (key: string) => zoom.press(key, firstStage(stages.current));
  // The keys work at once.
  useEffect(() => firstStage(stages.current)?.focus(), []);
  return (
    <Dialog title={name} onClose={onClose} isWide>
      <div className={styles.tools}>
        <Button onClick={() => press("+")}>{t.nearer}</Button>
        <Button onClick={() => press("-")}>{t.further}</Button>
        <Button onClick={() => press("0")}>{t.whole}</Button>
        <output className={styles.scale}>× {zoom.zoom.scale.toFixed(1)}</output>
        {steps.length > 1 && (
          <>
            <StepChoice label={t.shown} steps={steps} path={first} onChoose={setFirst} />
            <StepChoice
              label={t.beside}
              steps={steps}
              path={second}
              onChoose={setSecond}
              nothing={t.nothing}
            />
          </>
        )}
      </div>
      <div ref={stages} className={styles.stages}>
        {shown.map((each, index) => (
          <figure key={index}>
            <Stage
              key={each}
              runId={runId}
              path={each}
              name={labelOf(each)}
              version={version}
              zoom={zoom}
            />
            <figcaption className={styles.caption}>
              {steps.length > 1 && <strong>{labelOf(each)}</strong>}{" "}
              {/* A link cannot send the header that names the workspace. */}
              {address.workspace === null && (
                <a href={artifactUrl(runId, each)} download>
                  {t.download}
                </a>
              )}{" "}
              <code>{each}</code>
            </figcaption>
          </figure>
        ))}
      </div>
      <p className={styles.keys}>{t.keys}</p>
      <DialogActions>
        <Button onClick={onClose}>{t.close}</Button>
      </DialogActions>
    </Dialog>
  );
}

function firstStage(stages: HTMLElement | null): HTMLElement | null {
  return stages?.querySelector("div") ?? null;
}

interface StageProps {
  runId: string;
  path: string;
  name: string;
  version: number | undefined;
  zoom: ZoomState;
}

function Stage({ runId, path, name, version, zoom: { zoom, handlers, onWheel } }: StageProps) {
  const t = useWords(texts);
  const stage = useRef<HTMLDivElement>(null);
  const [hasFailed, setHasFailed] = useState(false);
  useWheel(stage, onWheel);
  return (
    <div
      ref={stage}
      className={styles.stage}
      role="application"
      aria-label={t.stage(name)}
      tabIndex={0}
      {...handlers}
    >
      {hasFailed ? (
        <p>{t.failed}</p>
      ) : (
        <ArtifactImage
          runId={runId}
          path={path}
          alt={name}
          version={version}
          draggable={false}
          className={zoom.scale >= SHARP_SCALE ? styles.sharp : undefined}
          style={{ transform: `translate(${zoom.x}px, ${zoom.y}px) scale(${zoom.scale})` }}
          onFailure={() => setHasFailed(true)}
        />
      )}
    </div>
  );
}

interface StepChoiceProps {
  label: string;
  steps: readonly StepPicture[];
  path: string;
  onChoose(path: string): void;
  /** The text for no picture, where that can be chosen. */
  nothing?: string;
}

function StepChoice({ label, steps, path, onChoose, nothing }: StepChoiceProps) {
  const { whole } = useFormats();
  const id = useId();
  return (
    <span className={styles.choice}>
      <label htmlFor={id}>{label}</label>
      <select id={id} value={path} onChange={(event) => onChoose(event.target.value)}>
        {nothing !== undefined && <option value="">{nothing}</option>}
        {steps.map((each) => (
          <option key={each.path} value={each.path}>
            {whole(each.step)}
          </option>
        ))}
      </select>
    </span>
  );
}
