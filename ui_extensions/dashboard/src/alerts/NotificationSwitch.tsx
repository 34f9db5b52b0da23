import { useState } from "react";
import { useWords, words } from "../i18n/words";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";
import styles from "./NotificationSwitch.module.css";
import { type NotificationState, switchNotifications, useNotificationState } from "./notifications";

const texts = words(
  {
    notifications: "Notifications",
    hint: "The browser tells of new critical alerts, also while another page is in front",
    blocked: "Notifications blocked",
    why: "Notifications are blocked",
    denied:
      "This browser does not let this page show notifications. Allow them in the settings of the page, which the sign to the left of its address opens, and come back.",
    insecure:
      "Browsers show notifications only of pages that come over HTTPS, or from the machine itself. Ask whoever runs the server for an address that begins with https.",
    unsupported:
      "This browser cannot show notifications of pages. A new critical alert still shows on every page here.",
    close: "Close",
  },
  {
    fr: {
      notifications: "Notifications",
      hint: "Le navigateur signale les nouvelles alertes critiques, même quand une autre page est devant",
      blocked: "Notifications bloquées",
      why: "Les notifications sont bloquées",
      denied:
        "Ce navigateur ne laisse pas cette page afficher de notifications. Autorisez-les dans les réglages de la page, qu’ouvre le signe à gauche de son adresse, puis revenez.",
      insecure:
        "Les navigateurs n’affichent que les notifications des pages servies en HTTPS ou par la machine elle-même. Demandez à qui gère le serveur une adresse qui commence par https.",
      unsupported:
        "Ce navigateur ne sait pas afficher les notifications des pages. Une nouvelle alerte critique s’affiche tout de même ici, sur chaque page.",
      close: "Fermer",
    },
  },
);

/** Whether the browser tells of new critical alerts; where it cannot, it says why. */
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
