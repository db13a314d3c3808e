/** Canvases cannot read custom properties: an element does it for them and answers in plain rgb. */
export function colours<Name extends string>(near: HTMLElement, names: readonly Name[]): Record<Name, string> {
  const probe = document.createElement("span");
  probe.hidden = true;
  near.append(probe);
  const entries = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color] as const;
  });
  probe.remove();
  return Object.fromEntries(entries) as Record<Name, string>;
}

/** The same colour, thinner. */
export const faded = (rgb: string, opacity: number) => rgb.replace(/^rgb\((.+)\)$/, `rgba($1, ${opacity})`);
