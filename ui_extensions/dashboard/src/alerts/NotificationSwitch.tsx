import { useState } from "react";
import { useWords, words } from "../i18n/words";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";
import styles from "./NotificationSwitch.module.css";
import { type NotificationState, switchNotifications, useNotificationState } from "./notifications";

const texts = words(
  {
    notifications: "Notifications",
    hint: "The browser notifies you of new critical alerts, even while another page is in front",
    blocked: "Notifications blocked",
    why: "Notifications are blocked",
    denied:
      "This browser does not let this page show notifications. Allow them in the page’s settings (the icon to the left of its address), then come back.",
    insecure:
      "Browsers show notifications only for pages served over HTTPS or from this machine. Ask the server’s administrator for an HTTPS address.",
    unsupported:
      "This browser cannot show notifications. New critical alerts are still shown on every page of the dashboard.",
    close: "Close",
  },
  {
    fr: {
      notifications: "Notifications",
      hint: "Le navigateur signale les nouvelles alertes critiques, même quand une autre page est devant",
      blocked: "Notifications bloquées",
      why: "Les notifications sont bloquées",
      denied:
        "Ce navigateur ne laisse pas cette page afficher de notifications. Autorisez-les dans les réglages de la page (icône à gauche de l’adresse), puis revenez.",
      insecure:
        "Les navigateurs n’affichent que les notifications des pages servies en HTTPS ou par la machine elle-même. Demandez une adresse HTTPS à l’administrateur du serveur.",
      unsupported:
        "Ce navigateur ne sait pas afficher les notifications des pages. Une nouvelle alerte critique s’affiche tout de même ici, sur chaque page.",
      close: "Fermer",
    },
  },
);

/** Switches browser notifications of new critical alerts; says why if they are not possible. */
export function NotificationSwitch() {
  const t = useWords(texts);
  const notifying = useNotificationState((state) => state.notifying);
  if (notifying === "on" || notifying === "off") {
    const isOn = notifying === "on";
    return (
      <button
        type="button"
        role="switch"
        aria-checked={isOn}
        className={styles.switch}
        title={t.hint}
        onClick={() => void switchNotifications(!isOn)}
      >
        <span className={styles.track} aria-hidden="true">
          <span className={styles.knob} />
        </span>
        {t.notifications}
      </button>
    );
  }
  return <Blocked why={notifying} />;
}

function Blocked({ why }: { why: Exclude<NotificationState, "on" | "off"> }) {
  const t = useWords(texts);
  const [isExplained, setIsExplained] = useState(false);
  return (
    <>
      <Button variant="subtle" aria-haspopup="dialog" onClick={() => setIsExplained(true)}>
        <span aria-hidden="true">⊘</span> {t.blocked}
      </Button>
      {isExplained && (
        <Dialog title={t.why} onClose={() => setIsExplained(false)}>
          <p>{t[why]}</p>
          <DialogActions>
            <Button variant="primary" onClick={() => setIsExplained(false)}>
              {t.close}
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </>
  );
}
