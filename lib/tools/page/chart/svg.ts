/** Pieces of SVG as text: drawn into the file, and drawn again by the page's script when a reader zooms. */
import { escapeHtml } from '../html.ts';

/** A tenth of a pixel is enough, and makes short paths. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** An element; attributes are escaped, the content is taken as it is. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  content = '',
): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeHtml(typeof value === 'number' ? px(value) : String(value))}"`)
    .join('');
  return content === '' ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
}

/** A drawing that is an image to a screen reader, described by `label`. */
export function drawing(
  size: { readonly width: number; readonly height: number },
  label: string,
  content: readonly string[],
): string {
  return element(
    'svg',
    {
      viewBox: `0 0 ${size.width} ${size.height}`,
      width: size.width,
      height: size.height,
      role: 'img',
      'aria-label': label,
    },
    content.join(''),
  );
}

/** Text at a place. */
export function label(
  x: number,
  y: number,
  text: string,
  attributes: { readonly class?: string; readonly anchor?: 'start' | 'middle' | 'end' } = {},
): string {
  return element('text', { x, y, class: attributes.class, 'text-anchor': attributes.anchor }, escapeHtml(text));
}

/** A straight line. */
export function line(x1: number, y1: number, x2: number, y2: number, name: string): string {
  return element('line', { x1, y1, x2, y2, class: name });
}
