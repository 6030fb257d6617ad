import "./style.css";

/** What the browser hears from the API, where the build says that there is one. */
const shown = document.querySelector("#api");
const { VITE_DATA_MODE: mode = "local", VITE_API_BASE_PATH: base = "/api" } = import.meta.env;
if (mode === "api") {
  try {
    const { version, node } = await (await fetch(`${base}/health`)).json();
    shown.textContent = `${version} on ${node}`;
  } catch {
    shown.textContent = "no answer";
  }
} else {
  shown.textContent = "nobody is asked: everything stays here";
}
