import { type ImgHTMLAttributes, useEffect, useState } from "react";
import { address } from "../live/session";
import { artifactUrl } from "./artifacts";

interface Props extends Omit<ImgHTMLAttributes<HTMLImageElement>, "src"> {
  runId: string;
  path: string;
  alt: string;
  /** Of a path whose content changes. */
  version?: number | undefined;
  onFailure(): void;
}

/** An image artifact of a run. It is always shown by <img>, in which SVG cannot run scripts. */
export function ArtifactImage({ runId, path, alt, version, onFailure, ...rest }: Props) {
  const source = useSource(artifactUrl(runId, path, version), onFailure);
  return <img {...rest} src={source} alt={alt} decoding="async" onError={onFailure} />;
}

/** With workspaces, a request needs a header, which an <img> cannot send: the image is fetched. */
function useSource(url: string, onFailure: () => void): string | undefined {
  const { workspace } = address;
  const [fetched, setFetched] = useState<string>();
  useEffect(() => {
    if (workspace === null) {
      return undefined;
    }
    const abort = new AbortController();
    let objectUrl: string | undefined;
    fetchPicture(url, workspace, abort.signal).then(
      (picture) => {
        objectUrl = URL.createObjectURL(picture);
        setFetched(objectUrl);
      },
      () => {
        if (!abort.signal.aborted) {
          onFailure();
        }
      },
    );
    return () => {
      abort.abort();
      if (objectUrl) {
        URL.revokeObjectURL(objectUrl);
      }
    };
    // A new `onFailure` does not change what is fetched.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [url, workspace]);
  return workspace === null ? url : fetched;
}

async function fetchPicture(url: string, workspace: string, signal: AbortSignal): Promise<Blob> {
  const headers = { "X-MLFLOW-WORKSPACE": workspace };
  const response = await fetch(url, { headers, signal });
  if (!response.ok) {
    throw new Error(response.statusText);
  }
  return response.blob();
}
