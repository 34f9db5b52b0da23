// Creates elements by script; texts are never parsed as HTML.

type Attributes = Readonly<Record<string, string | boolean>>;

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    setAttribute(made, name, value);
  }
  made.append(...children);
  return made;
}

/** True sets the attribute without a value, false removes it. */
export function setAttribute(on: Element, name: string, value: string | boolean): void {
  if (value === false) {
    on.removeAttribute(name);
  } else if (on.getAttribute(name) !== (value === true ? "" : value)) {
    on.setAttribute(name, value === true ? "" : value);
  }
}

/** Leaves an unchanged text alone: screen readers would read it again. */
export function setText(on: Element, text: string): void {
  if (on.textContent !== text) {
    on.textContent = text;
  }
}

/** A sign that is hidden from screen readers; the words beside it say the same. */
export function sign(text: string): HTMLElement {
  return element("span", { "aria-hidden": "true", class: "sign" }, text);
}
