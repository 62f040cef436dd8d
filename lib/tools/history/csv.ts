/**
 * Lines of comma-separated values, as RFC 4180 has them but for one thing: a field may not hold a line break. No column
 * of a history has one, and a quotation mark that somebody forgot would take all lines after it with it. Pure.
 */

/** The fields of a line; undefined when its quotation marks do not match. */
export function parseCsvLine(line: string): readonly string[] | undefined {
  if (!line.includes('"')) return line.split(',');
  const fields: string[] = [];
  for (let at = 0; at <= line.length; ) {
    const field = line[at] === '"' ? quotedField(line, at) : plainField(line, at);
    if (field === undefined) return undefined;
    fields.push(field.text);
    at = field.end + 1;
  }
  return fields;
}

/** `end` is where the comma is, or the end of the line. */
type Field = { readonly text: string; readonly end: number };

function plainField(line: string, start: number): Field | undefined {
  const comma = line.indexOf(',', start);
  const end = comma === -1 ? line.length : comma;
  const text = line.slice(start, end);
  return text.includes('"') ? undefined : { text, end };
}

function quotedField(line: string, start: number): Field | undefined {
  let text = '';
  for (let from = start + 1; ; ) {
    const quote = line.indexOf('"', from);
    if (quote === -1) return undefined;
    text += line.slice(from, quote);
    const next = line[quote + 1];
    if (next === undefined || next === ',') return { text, end: quote + 1 };
    if (next !== '"') return undefined;
    text += '"';
    from = quote + 2;
  }
}
