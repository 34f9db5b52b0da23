import { useEffect } from "react";
import { Route, Router, Switch } from "wouter";
import { AlertsPage } from "./alerts/AlertsPage";
import { CriticalBanner } from "./alerts/CriticalBanner";
import styles from "./App.module.css";
import { useWords, words } from "./i18n/words";
import { RunPage } from "./run/RunPage";
import { RunsPage } from "./runs/RunsPage";
import { CrashBoundary } from "./ui/CrashBoundary";
import { Header } from "./Header";
import { useHashPath } from "./ui/hashLocation";
import { Empty } from "./ui/Section";

const texts = words(
  { skip: "Skip to the content", nothing: "There is no such page." },
  { fr: { skip: "Aller au contenu", nothing: "Cette page n’existe pas." } },
);

export function App() {
  const t = useWords(texts);
  return (
    <Router hook={useHashPath}>
      <a className={styles.skip} href="#content" onClick={focusContent}>
        {t.skip}
      </a>
      <div className={styles.top} ref={keepHeight}>
        <Header />
        <CriticalBanner />
      </div>
      <main id="content" tabIndex={-1} className={styles.content}>
        <TopOfPage />
        <CrashBoundary>
          <Switch>
            <Route path="/" component={RunsPage} />
            <Route path="/runs" component={RunsPage} />
            <Route path="/runs/:runId">
              {({ runId }) => <RunPage key={runId} runId={runId} />}
            </Route>
            <Route path="/alerts" component={AlertsPage} />
            <Route>
              <Empty>{t.nothing}</Empty>
            </Route>
          </Switch>
        </CrashBoundary>
      </main>
    </Router>
  );
}

/** What sticks below the header has to know how high that is: a banner may be part of it. */
function keepHeight(top: HTMLElement | null): (() => void) | undefined {
  if (!top) {
    return undefined;
  }
  const size = new ResizeObserver(() => {
    document.documentElement.style.setProperty("--top-height", `${top.offsetHeight}px`);
  });
  size.observe(top);
  return () => size.disconnect();
}

/** The hash is the page's address, so it cannot name a place on it. */
function focusContent(event: React.MouseEvent): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

/** Another page begins at its top. */
function TopOfPage() {
  const [path] = useHashPath();
  // The path says when.
  useEffect(() => {
    window.scrollTo(0, 0);
  }, [path]);
  return null;
}
