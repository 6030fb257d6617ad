import "./style.css";

/** What the browser hears from the API. */
const shown = document.querySelector("#api");
try {
  const { version, node } = await (await fetch("/api/version")).json();
  shown.textContent = `${version} on ${node}`;
} catch {
  shown.textContent = "no answer";
}
