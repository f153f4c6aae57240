// What is shown once is shown above, and stays until the reader goes on himself.

const once = document.getElementById("once");
document.addEventListener("answered", (event) => {
  const answer = event.detail;
  const secret = answer && (answer.password ?? answer.token ?? answer.secret);
  if (!once || !secret) return;
  once.querySelector("[data-part=account]").textContent = answer.account ?? answer.id;
  once.querySelector("[data-part=secret]").textContent = secret;
  once.hidden = false;
  event.target.reset();
  once.scrollIntoView({ block: "center" });
  once.focus();
});

// What was done and leads nowhere else is told where it was asked for.
document.addEventListener("answered", (event) => {
  const form = event.target, answer = event.detail;
  const done = form.querySelector("[role=status]");
  if (!done) return;
  const tried = answer && "accepted" in answer;
  if (tried) done.textContent = answer.accepted ? done.dataset.accepted : `${done.dataset.refused} ${answer.reason}`;
  else form.reset();
  done.hidden = false;
});
