import type { ProjectStatus } from "../../../live/schemas";
import { useWords } from "../i18n/words";
import { Badge } from "../ui/Badge";
import { appearanceOfProject } from "./projectStatus";
import { projectWords } from "./projectWords";

/** The status of a project, or that it waits for an answer. */
export function ProjectBadge({ status, isAsking }: { status: ProjectStatus; isAsking: boolean }) {
  const t = useWords(projectWords);
  const [tone, sign] = appearanceOfProject(status, isAsking);
  return (
    <Badge tone={tone} sign={sign}>
      {isAsking ? t.asking : t[status]}
    </Badge>
  );
}
