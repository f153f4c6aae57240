// A text is heard in the browser or on a telephone before it counts.

import { ask } from "/static/page.js";

const phone = document.getElementById("phone");

for (const form of document.querySelectorAll("form[data-prompt]")) {
  const problem = form.querySelector("[role=alert]"), done = form.querySelector("[role=status]");
  const player = form.querySelector("audio"), text = form.querySelector("textarea");
  const acts = {
    async try() {
      const made = await ask("POST", `/prompts/${form.dataset.prompt}/trials`, { text: text.value });
      player.src = `/api/v1/prompt-trials/${made.trial}/audio`;
      player.hidden = false;
      done.textContent = `${done.dataset.tried} ${made.seconds} s · ${made.voice}`;
      await player.play().catch(() => {});  // a browser that plays nothing by itself has the controls
    },
    async ring() {
      await ask("POST", `/prompts/${form.dataset.prompt}/ring`, { phone: phone.value, text: text.value });
      done.textContent = `${done.dataset.rings} ${phone.value}`;
    },
  };
  for (const button of form.querySelectorAll("[data-do]")) {
    button.addEventListener("click", async () => {
      if (!form.reportValidity()) return;
      button.disabled = true;
      problem.hidden = done.hidden = true;
      try {
        await acts[button.dataset.do]();
        done.hidden = false;
      } catch (error) {
        problem.textContent = error.message;
        problem.hidden = false;
      } finally {
        button.disabled = false;
      }
    });
  }
}
