// What is shown once is shown above, and stays until the reader goes on himself.

const once = document.getElementById("once");
document.addEventListener("answered", (event) => {
  const answer = event.detail;
  const secret = answer && (answer.password ?? answer.token);
  if (!once || !secret) return;
  once.querySelector("[data-part=account]").textContent = answer.account ?? answer.id;
  once.querySelector("[data-part=secret]").textContent = secret;
  once.hidden = false;
  event.target.reset();
  once.scrollIntoView({ block: "center" });
  once.focus();
});
