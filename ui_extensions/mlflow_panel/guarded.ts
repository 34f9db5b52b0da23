// Keeps the panel's errors away from MLflow's page and its console.

export function guarded<A extends unknown[]>(call: (...args: A) => void): (...args: A) => void {
  return (...args) => {
    try {
      call(...args);
    } catch {
      // MLflow's page works without the panel.
    }
  };
}

type Events = HTMLElementEventMap & DocumentEventMap & WindowEventMap;

export function listen<K extends keyof Events>(
  to: EventTarget,
  type: K,
  call: (event: Events[K]) => void,
): void {
  to.addEventListener(type, guarded(call) as EventListener);
}

/** For promises that nobody awaits. */
export function ignoreRejection(promise: Promise<unknown>): void {
  promise.catch(() => {});
}
