// Of two who write one answer at once the later sees what the other wrote, and chooses what stays;
// who would retire it reads that first.

document.addEventListener("refused", (event) => {
  const form = event.target, now = event.detail.body?.now;
  const conflict = form.querySelector(".conflict");
  if (!conflict || !now) return;
  for (const place of conflict.querySelectorAll("[data-part]")) {
    place.textContent = now[place.dataset.part] ?? "–";
  }
  conflict.hidden = false;
  for (const button of conflict.querySelectorAll("[data-take]")) {
    button.onclick = () => {
      if (button.dataset.take === "theirs") {
        for (const input of form.elements) {
          if (input.name in now) input.value = now[input.name] ?? "";
        }
      }
      form.elements.based_on.value = now.at;
      conflict.hidden = true;
      form.querySelector("[role=alert]").hidden = true;
      form.querySelector("button:not([type=button])").focus();
    };
  }
});
