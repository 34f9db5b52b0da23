// Nothing that goes wrong here may reach MLflow's page or its console.

export function guarded<A extends unknown[]>(call: (...args: A) => void): (...args: A) => void {
  return (...args) => {
    try {
      call(...args);
    } catch {
      // The panel is an addition: without it the page is what it was.
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

/** Of a promise whose end nobody waits for. */
export function ignoreRejection(promise: Promise<unknown>): void {
  promise.catch(() => {});
}
