export { escapeHtml, type HtmlPage, htmlPage, scriptJson } from "./html-page.ts"
export { type ShowOptions, showExchange } from "./show-exchange.ts"
export { BodyPart, Mark, ShownBody, ShownExchange } from "./shown-exchange.ts"
export { viewerStyle } from "./style.ts"
