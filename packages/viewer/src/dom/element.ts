/** A child of an element: a node, or a text that may come from a server. */
export type Child = Node | string | false | undefined

type Attributes = Readonly<Record<string, string | boolean | undefined>>

/** Characters that are invisible or change the order of what is around them; tab and line feed are not among them. */
const invisible = /[^\P{Cc}\t\n]|[\p{Bidi_Control}\p{Surrogate}\u200b\u2028\u2029\ufeff]/gu

const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`

/** Writes invisible characters as escapes. */
export const visible = (text: string): string => text.replace(invisible, escaped)

/** Creates an element. Texts become text nodes, with invisible characters escaped; `false` leaves out an attribute. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const created = document.createElement(tag)
  setAttributes(created, attributes)
  for (const child of children)
    if (child !== undefined && child !== false)
      created.append(typeof child === "string" ? visible(child) : child)
  return created
}

/** Creates an SVG element. */
export function svgElement(tag: string, attributes: Attributes, ...children: readonly Node[]): SVGElement {
  const created = document.createElementNS("http://www.w3.org/2000/svg", tag)
  setAttributes(created, attributes)
  created.append(...children)
  return created
}

function setAttributes(created: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false)
      created.setAttribute(name, value === true ? "" : visible(value))
}
