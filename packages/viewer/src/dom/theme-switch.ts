import { element } from "./element.ts"

const themes = ["auto", "light", "dark"] as const

/** Creates a switch between the theme of the system, the light and the dark one. */
export function themeSwitch(): HTMLElement {
  const select = element("select", {}, ...themes.map((theme) => element("option", { value: theme }, theme)))
  select.addEventListener("change", () => {
    document.documentElement.dataset["theme"] = select.value
  })
  return element("label", { class: "theme" }, "Theme ", select)
}
