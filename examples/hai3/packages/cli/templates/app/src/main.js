import { createHai3 } from "@hai3/framework";
import { page, render } from "@hai3/uikit";
import { messages } from "./messages.js";
import { showAbout, showHome } from "./screens.js";

const [path = "/", locale = "en"] = process.argv.slice(2);
const views = { home: showHome, about: showAbout };

const app = createHai3({
  path,
  i18n: { locale, fallback: "en", messages },
  screensets: [
    {
      id: "main",
      screens: [
        { id: "home", path: "/" },
        { id: "about", path: "/about" },
      ],
    },
  ],
});
await app.start();
const match = app.get("navigation").current.get().match;
const show = match === undefined ? undefined : views[/** @type {keyof typeof views} */ (match.screen.id)];
if (show === undefined) {
  process.stderr.write(`there is no screen at ${path}\n`);
  process.exitCode = 1;
} else process.stdout.write(`${render(page({ title: "__NAME__", lang: locale, body: show(app) }))}\n`);
await app.stop();
