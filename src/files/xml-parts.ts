/**
 * The few parts that instrument files in XML are read for: elements by name, their text and attributes. No namespaces,
 * no entities but those of numbers' surroundings: nothing else occurs around measured data.
 */
export interface XmlElement {
  /** attributes as they are written */
  readonly head: string;
  readonly body: string;
}

/** Elements of this name, in order; those inside of one of the same name are not looked for. */
export function elements(xml: string, name: string): XmlElement[] {
  const found: XmlElement[] = [];
  const [open, close] = [`<${name}`, `</${name}>`];
  for (let at = xml.indexOf(open); at >= 0; at = xml.indexOf(open, at + open.length)) {
    const next = xml[at + open.length] ?? "";
    if (!/[\s/>]/.test(next)) continue;
    const headEnd = xml.indexOf(">", at);
    if (headEnd < 0) break;
    const head = xml.slice(at + open.length, headEnd);
    if (head.endsWith("/")) {
      found.push({ head: head.slice(0, -1), body: "" });
      continue;
    }
    const end = xml.indexOf(close, headEnd);
    if (end < 0) break;
    found.push({ head, body: xml.slice(headEnd + 1, end) });
    at = end;
  }
  return found;
}

/** What is in the first element of this name. */
export const element = (xml: string, name: string): string | undefined => elements(xml, name)[0]?.body;

export const attribute = (head: string, name: string): string | undefined =>
  new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`)
    .exec(head)
    ?.slice(1)
    .find((text) => text !== undefined);
