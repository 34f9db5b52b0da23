import { lazy, Suspense, useEffect } from "react";
import { Route, Router, Switch } from "wouter";
import { AlertsPage } from "./alerts/AlertsPage";
import { CriticalBanner } from "./alerts/CriticalBanner";
import styles from "./App.module.css";
import { useWords, words } from "./i18n/words";
import { GALAXY_PATH } from "./projects/projectPath";
import { AbbreviatedRun, isAbbreviated } from "./run/AbbreviatedRun";
import { RunPage } from "./run/RunPage";
import { RunsPage } from "./runs/RunsPage";
import { CrashBoundary } from "./ui/CrashBoundary";
import { Header } from "./Header";
import { useHashPath } from "./ui/hashLocation";
import { restoreScroll, trackScroll } from "./ui/scrollPosition";
import { Empty } from "./ui/Section";

const texts = words(
  { skip: "Skip to the content", nothing: "There is no such page.", loading: "Loading…" },
  {
    fr: {
      skip: "Aller au contenu",
      nothing: "Cette page n’existe pas.",
      loading: "Chargement…",
    },
  },
);

/** These are loaded when they are opened, so that the pages of runs stay small. */
const ProjectPages = lazy(async () => ({
  default: (await import("./projects/ProjectPages")).ProjectPages,
}));
const DiagnosePage = lazy(async () => ({
  default: (await import("./diagnose/DiagnosePage")).DiagnosePage,
}));

const GalaxyPage = lazy(async () => ({
  default: (await import("./galaxy/GalaxyPage")).GalaxyPage,
}));

const JobsPage = lazy(async () => ({ default: (await import("./jobs/JobsPage")).JobsPage }));

const TablePage = lazy(async () => ({ default: (await import("./table/TablePage")).TablePage }));

const ComparePage = lazy(async () => ({
  default: (await import("./compare/ComparePage")).ComparePage,
}));

const SavedViewPage = lazy(async () => ({
  default: (await import("./views/SavedViewPage")).SavedViewPage,
}));

export function App() {
  const t = useWords(texts);
  return (
    <Router hook={useHashPath}>
      <a className={styles.skip} href="#content" onClick={focusContent}>
        {t.skip}
      </a>
      <div className={styles.top} ref={publishHeight}>
        <Header />
        <CriticalBanner />
      </div>
      <main id="content" tabIndex={-1} className={styles.content}>
        <ScrollPosition />
        <CrashBoundary>
          <Switch>
            <Route path="/" component={RunsPage} />
            <Route path="/runs" component={RunsPage} />
            <Route path="/runs/:runId">
              {({ runId }) =>
                isAbbreviated(runId) ? (
                  <AbbreviatedRun key={runId} beginning={runId} />
                ) : (
                  <RunPage key={runId} runId={runId} />
                )
              }
            </Route>
            <Route path="/table">
              <Suspense fallback={<Empty>{t.loading}</Empty>}>
                <TablePage />
              </Suspense>
            </Route>
            <Route path="/jobs">
              <Suspense fallback={<Empty>{t.loading}</Empty>}>
                <JobsPage />
              </Suspense>
            </Route>
            <Route path="/compare">
              <Suspense fallback={<Empty>{t.loading}</Empty>}>
                <ComparePage />
              </Suspense>
            </Route>
            <Route path="/views/:viewId">
              {({ viewId }) => (
                <Suspense fallback={<Empty>{t.loading}</Empty>}>
                  <SavedViewPage viewId={viewId} />
                </Suspense>
              )}
            </Route>
            <Route path="/alerts" component={AlertsPage} />
            <Route path="/projects/*?">
              <Suspense fallback={<Empty>{t.loading}</Empty>}>
                <ProjectPages />
              </Suspense>
            </Route>
            <Route path={GALAXY_PATH}>
              <Suspense fallback={<Empty>{t.loading}</Empty>}>
                <GalaxyPage />
              </Suspense>
            </Route>
            <Route path="/diagnose">
              <Suspense fallback={<Empty>{t.loading}</Empty>}>
                <DiagnosePage />
              </Suspense>
            </Route>
            <Route>
              <Empty>{t.nothing}</Empty>
            </Route>
          </Switch>
        </CrashBoundary>
      </main>
    </Router>
  );
}

/** Publishes the height of the header and banner, below which other elements stick. */
function publishHeight(top: HTMLElement | null): (() => void) | undefined {
  if (!top) {
    return undefined;
  }
  const size = new ResizeObserver(() => {
    document.documentElement.style.setProperty("--top-height", `${top.offsetHeight}px`);
  });
  size.observe(top);
  return () => size.disconnect();
}

/** The hash is the page's path, so a plain link to an element does not work. */
function focusContent(event: React.MouseEvent): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

/** Opens each page where it was left in the history, a new one at its top. */
function ScrollPosition() {
  const [path] = useHashPath();
  useEffect(trackScroll, []);
  // `path` only triggers the effect.
  useEffect(() => {
    const content = document.getElementById("content");
    return content ? restoreScroll(content) : undefined;
  }, [path]);
  return null;
}
