// The theme: light, dark, or that of the system.

import { create } from "zustand";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "fovea.theme";
const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");

interface Appearance {
  theme: Theme;
  isDark: boolean;
}

function appearance(theme: Theme): Appearance {
  return { theme, isDark: theme === "dark" || (theme === "system" && systemIsDark.matches) };
}

function stored(): Theme {
  const word = localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === word) ?? "system";
}

export const useTheme = create<Appearance>()(() => appearance(stored()));

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  useTheme.setState(appearance(theme));
}

systemIsDark.addEventListener("change", () => {
  useTheme.setState(({ theme }) => appearance(theme));
});

function apply({ isDark }: Appearance): void {
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
}

// Paper is light.
window.addEventListener("beforeprint", () => apply({ theme: "light", isDark: false }));
window.addEventListener("afterprint", () => apply(useTheme.getState()));

useTheme.subscribe(apply);
apply(useTheme.getState());
