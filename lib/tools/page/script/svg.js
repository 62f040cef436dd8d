/** Pieces of SVG as text: drawn into the file, and drawn again by the page's script when a reader zooms. */
import { escapeHtml } from './html.js';

/** A tenth of a pixel is enough, and makes short paths. @param {number} value */
export function px(value) {
  return String(Math.round(value * 10) / 10);
}

/**
 * An element; attributes are escaped, the content is taken as it is.
 * @param {string} name @param {Readonly<Record<string, string | number | undefined>>} attributes
 * @param {string} [content]
 */
export function element(name, attributes, content = '') {
  const attributeText = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeHtml(typeof value === 'number' ? px(value) : String(value))}"`)
    .join('');
  return content === '' ? `<${name}${attributeText}/>` : `<${name}${attributeText}>${content}</${name}>`;
}

/**
 * A drawing that is an image to a screen reader, described by `label`.
 * @param {{ readonly width: number; readonly height: number }} size @param {string} label
 * @param {readonly string[]} content
 */
export function drawing(size, label, content) {
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

/**
 * Text at a place.
 * @param {number} x @param {number} y @param {string} text
 * @param {{ readonly class?: string; readonly anchor?: 'start' | 'middle' | 'end' }} [attributes]
 */
export function label(x, y, text, attributes = {}) {
  return element('text', { x, y, class: attributes.class, 'text-anchor': attributes.anchor }, escapeHtml(text));
}

/**
 * A straight line.
 * @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 @param {string} name
 */
export function line(x1, y1, x2, y2, name) {
  return element('line', { x1, y1, x2, y2, class: name });
}
