import { type ImgHTMLAttributes, useEffect, useState } from "react";
import { address } from "../live/session";
import { artifactUrl } from "./artifacts";

interface Props extends Omit<ImgHTMLAttributes<HTMLImageElement>, "src"> {
  runId: string;
  path: string;
  alt: string;
  onFailure(): void;
}

/** An image among a run's artifacts, of whatever kind only ever as a picture: SVG runs nothing so. */
export function ArtifactImage({ runId, path, alt, onFailure, ...rest }: Props) {
  const source = useSource(artifactUrl(runId, path), onFailure);
  return <img {...rest} src={source} alt={alt} decoding="async" onError={onFailure} />;
}

/** Where workspaces are on, a request must name one in a header, which an <img> cannot. */
function useSource(url: string, onFailure: () => void): string | undefined {
  const { workspace } = address;
  const [fetched, setFetched] = useState<string>();
  // Who is told of a failure changes nothing.
  useEffect(() => {
    if (workspace === null) {
      return undefined;
    }
    const abort = new AbortController();
    let made: string | undefined;
    fetchPicture(url, workspace, abort.signal).then(
      (picture) => {
        made = URL.createObjectURL(picture);
        setFetched(made);
      },
      () => {
        if (!abort.signal.aborted) {
          onFailure();
        }
      },
    );
    return () => {
      abort.abort();
      if (made) {
        URL.revokeObjectURL(made);
      }
    };
    // Who is told of a failure does not change what is fetched.
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
