// What every page of those who sign in does by script: htmx carries the form's token, and tells
// what went wrong.

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = document.body.dataset.csrf || "";
});

function tell(text) {
  document.getElementById("told").textContent = text;
}
