import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { embedJson } from '#tools/page/page.ts';
import { escapeHtml } from '#tools/page/script/html.js';

describe('text in HTML', () => {
  it('is neither markup nor the end of an attribute', () => {
    expect(escapeHtml(`<img onerror="a('b')"> & more`)).toBe(
      '&lt;img onerror=&quot;a(&#39;b&#39;)&quot;&gt; &amp; more',
    );
  });
});

describe('JSON in a script element', () => {
  it.each([
    { name: 'an end tag', text: '</script><img onerror>' },
    { name: 'a comment that swallows the page', text: '<!--<script>' },
    { name: 'the end of a CDATA section', text: ']]>' },
    { name: 'line separators', text: 'a\u2028b\u2029c' },
  ])('$name stays data', ({ text }) => {
    const embedded = embedJson({ [text]: text });
    expect(embedded).not.toMatch(/[<>&\u2028\u2029]/);
    expect(JSON.parse(embedded)).toEqual({ [text]: text });
  });

  it('gives back any value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(embedJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
        expect(embedJson(value)).not.toMatch(/[<>]/);
      }),
    );
  });
});
