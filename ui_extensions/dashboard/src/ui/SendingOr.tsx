import type { ReactNode } from "react";
import { useFormats } from "../i18n/useFormats";
import { Sending } from "./Sending";
import type { UploadPhase } from "./useUpload";

interface Props {
  phase: UploadPhase;
  /** Says how much has been sent. */
  sending(share: string): string;
  /** Says what the server does once it has everything. */
  working: string;
  onCancel(): void;
  /** What starts an upload. */
  children: ReactNode;
}

/** What starts an upload or, while it is being sent and answered, its progress. */
export function SendingOr({ phase, sending, working, onCancel, children }: Props) {
  const { percent } = useFormats();
  return phase.name === "sending" ? (
    <Sending
      share={phase.share}
      sending={sending(percent(phase.share, 0))}
      working={working}
      onCancel={onCancel}
    />
  ) : (
    children
  );
}
