import { Route, Switch } from "wouter";
import { ProjectPage } from "./page/ProjectPage";
import { NEW_PROJECT_PATH, PROJECTS_PATH } from "./projectPath";
import { ProjectsPage } from "./ProjectsPage";
import { NewProjectPage } from "./start/NewProjectPage";

/** All pages of projects, which are loaded together. */
export function ProjectPages() {
  return (
    <Switch>
      <Route path={PROJECTS_PATH} component={ProjectsPage} />
      <Route path={NEW_PROJECT_PATH} component={NewProjectPage} />
      <Route path={`${PROJECTS_PATH}/:projectId`}>
        {({ projectId }) => <ProjectPage key={projectId} projectId={projectId} />}
      </Route>
    </Switch>
  );
}
