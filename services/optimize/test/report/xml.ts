/** A strict reader of XML without document types: throws where a document is not well-formed (XML 1.0, section 2.1). */
export interface Element {
  name: string;
  attributes: Record<string, string>;
  /** Text directly within it. */
  text: string;
  children: Element[];
}

const name = "[A-Za-z_][\\w.:-]*";
const openingTag = new RegExp(`^<(${name})((?:\\s+${name}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(/?)>`);
const attribute = new RegExp(`(${name})\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, "g");

export function readXml(document: string): Element {
  if (/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u.test(document)) {
    throw new Error("a letter that no XML document has");
  }
  const top: Element = { name: "", attributes: {}, text: "", children: [] };
  const open = [top];
  let rest = document.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>/, "");
  while (rest !== "") {
    const parent = open.at(-1)!;
    const end = rest.startsWith("</") ? rest.indexOf(">") : -1;
    const start = openingTag.exec(rest);
    if (end >= 0) {
      if (open.length === 1 || rest.slice(2, end).trim() !== parent.name)
        throw new Error(`a wrong end: ${rest.slice(0, end)}`);
      open.pop();
      rest = rest.slice(end + 1);
    } else if (start !== null) {
      const element: Element = { name: start[1]!, attributes: {}, text: "", children: [] };
      for (const [, key, quoted, other] of start[2]!.matchAll(attribute)) {
        if (key! in element.attributes) throw new Error(`${key} twice in one element`);
        element.attributes[key!] = unescaped(quoted ?? other!);
      }
      parent.children.push(element);
      if (start[3] !== "/") open.push(element);
      rest = rest.slice(start[0].length);
    } else {
      const next = rest.indexOf("<");
      if (next === 0) throw new Error(`no element: ${rest.slice(0, 80)}`);
      const text = next < 0 ? rest : rest.slice(0, next);
      parent.text += unescaped(text);
      rest = rest.slice(text.length);
    }
  }
  if (open.length !== 1) throw new Error(`${open.at(-1)!.name} does not end`);
  if (top.children.length !== 1 || top.text.trim() !== "") throw new Error("not one element at the top");
  return top.children[0]!;
}

function unescaped(text: string): string {
  const plain = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" } as const;
  return text.replace(/&([^;]*);?/g, (all, entity: keyof typeof plain) => {
    if (!(entity in plain) || !all.endsWith(";")) throw new Error(`an unknown entity: ${all}`);
    return plain[entity];
  });
}
