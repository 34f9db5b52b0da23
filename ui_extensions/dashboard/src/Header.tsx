import { useEffect, useState } from "react";
import { Link, useLocation, useRoute } from "wouter";
import { AlertCount } from "./alerts/AlertCount";
import { NotificationSwitch } from "./alerts/NotificationSwitch";
import { chooseLanguage, useLanguage } from "./i18n/language";
import { LANGUAGES, type Language } from "../../live/languageChoice";
import { useWords, words } from "./i18n/words";
import { mlflowHomeUrl } from "./live/mlflowLinks";
import { Button } from "./ui/Button";
import { ConnectionBadge } from "./ui/ConnectionBadge";
import { GALAXY_PATH } from "./projects/projectPath";
import styles from "./Header.module.css";
import { chooseTheme, THEMES, type Theme, useTheme } from "./ui/theme";

const texts = words(
  {
    pages: "Pages",
    menu: "Menu",
    runs: "Runs",
    table: "Table",
    jobs: "Jobs",
    projects: "Projects",
    galaxy: "Galaxy",
    alerts: "Alerts",
    diagnose: "Diagnose",
    mlflow: "MLflow",
    language: "Language",
    theme: "Appearance",
    system: "As the system",
    light: "Light",
    dark: "Dark",
  },
  {
    fr: {
      pages: "Pages",
      menu: "Menu",
      runs: "Runs",
      table: "Tableau",
      jobs: "Tâches",
      projects: "Projets",
      galaxy: "Galaxie",
      alerts: "Alertes",
      diagnose: "Diagnostiquer",
      mlflow: "MLflow",
      language: "Langue",
      theme: "Apparence",
      system: "Comme le système",
      light: "Clair",
      dark: "Sombre",
    },
  },
);

export function Header() {
  const t = useWords(texts);
  const language = useLanguage((choice) => choice.language);
  const theme = useTheme((appearance) => appearance.theme);
  const [isOpen, setIsOpen] = useState(false);
  const [path] = useLocation();
  // A narrow window's menu closes once another page is chosen.
  useEffect(() => setIsOpen(false), [path]);
  return (
    <header className={styles.header}>
      <Link href="/" className={styles.name}>
        <img src="./fovea.svg" alt="" width="24" height="24" />
        <span>Fovea</span>
      </Link>
      <Button
        variant="subtle"
        className={styles.menu}
        aria-label={t.menu}
        aria-expanded={isOpen}
        aria-controls="pages"
        onClick={() => setIsOpen(!isOpen)}
      >
        <span aria-hidden="true">☰</span>
      </Button>
      <nav id="pages" className={styles.pages} aria-label={t.pages} data-open={isOpen || undefined}>
        <PageLink href="/runs">{t.runs}</PageLink>
        <PageLink href="/table">{t.table}</PageLink>
        <PageLink href="/jobs">{t.jobs}</PageLink>
        <PageLink href="/projects" pattern="/projects/*?">
          {t.projects}
        </PageLink>
        <PageLink href={GALAXY_PATH}>{t.galaxy}</PageLink>
        <PageLink href="/alerts" isAlways>
          {t.alerts} <AlertCount />
        </PageLink>
        <PageLink href="/diagnose">{t.diagnose}</PageLink>
        <a href={mlflowHomeUrl()}>{t.mlflow}</a>
      </nav>
      <ConnectionBadge />
      <div className={styles.choices} data-open={isOpen || undefined}>
        <NotificationSwitch />
        <select
          aria-label={t.language}
          value={language}
          onChange={(event) => chooseLanguage(event.target.value as Language)}
        >
          {Object.entries(LANGUAGES).map(([code, name]) => (
            <option key={code} value={code} lang={code}>
              {name}
            </option>
          ))}
        </select>
        <select
          aria-label={t.theme}
          value={theme}
          onChange={(event) => chooseTheme(event.target.value as Theme)}
        >
          {THEMES.map((each) => (
            <option key={each} value={each}>
              {t[each]}
            </option>
          ))}
        </select>
      </div>
    </header>
  );
}

interface PageLinkProps {
  href: string;
  /** The addresses of the page and of those below it, if there are some. */
  pattern?: string;
  /** Whether the link is there while the menu of a narrow window is closed, too. */
  isAlways?: boolean;
  children: React.ReactNode;
}

function PageLink({ href, pattern = href, isAlways = false, children }: PageLinkProps) {
  const [isHere] = useRoute(pattern);
  return (
    <Link
      href={href}
      aria-current={isHere ? "page" : undefined}
      data-always={isAlways || undefined}
    >
      {children}
    </Link>
  );
}
