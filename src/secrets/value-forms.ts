/**
 * The ways in which a known secret value can stand in a text: as it is, cut into its lines, escaped for JSON or a URL,
 * or in base64, alone or in the middle of something longer.
 */

/** A shorter value would replace parts of ordinary words and protects nothing. */
const minValueChars = 4;
const minLineChars = 16;
const minEncodedChars = 8;

export function formsOf(value: string): string[] {
  const forms = new Set<string>();
  const trimmed = value.trim();
  const lines = trimmed.split(/\r?\n/).map((line) => line.trim());
  for (const plain of [value, trimmed, ...(lines.length > 1 ? lines.filter(isLongLine) : [])]) {
    if (plain.length < minValueChars) continue;
    forms.add(plain);
    for (const form of [...jsonForms(plain), ...urlForms(plain), ...base64Forms(plain)]) forms.add(form);
  }
  return [...forms];
}

function isLongLine(line: string): boolean {
  return line.length >= minLineChars;
}

/** Inside a JSON string, and inside a JSON string that stands in a JSON string. */
function jsonForms(value: string): string[] {
  const once = insideJson(value);
  const ascii = toAscii(once);
  return [once, ascii, insideJson(once), insideJson(ascii), once.replaceAll('/', '\\/')];
}

function insideJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function toAscii(text: string): string {
  return text.replaceAll(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Encoders differ in which marks they leave alone, in the case of the digits, and in how they write a space. */
function urlForms(value: string): string[] {
  // A lone surrogate has no URL encoding.
  const component = encodeURIComponent(value.toWellFormed());
  const strict = component.replaceAll(/[!'()*]/g, percent);
  const path = encodeURI(value.toWellFormed());
  return [component, strict, path].flatMap((form) => [
    form,
    lowerCaseDigits(form),
    form.replaceAll('%20', '+'),
  ]);
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}

function lowerCaseDigits(form: string): string {
  return form.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
}

/**
 * Base64 of the value alone, and the characters it gives whatever stands before and after it: three bytes become four
 * characters, so the value can begin at three places of such a group.
 */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value);
  const forms = [bytes.toString('base64')];
  for (const before of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replaceAll('=', '');
    const firstOwn = Math.ceil((before * 8) / 6);
    const lastOwn = Math.floor(((before + bytes.length) * 8) / 6);
    forms.push(encoded.slice(firstOwn, lastOwn));
  }
  return forms
    .filter((form) => form.length >= minEncodedChars)
    .flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}
