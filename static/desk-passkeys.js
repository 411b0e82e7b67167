/* Asks the browser for a passkey as soon as the page is there, and sends what it says. */

const actions = { register: "handleRegister", signin: "handleSignin" };

/** Ask once; on failure the page says so and offers to ask again. */
async function ask(form) {
  const waiting = form.querySelector("[data-waiting]");
  const failed = form.querySelector("[data-failed]");
  const again = form.querySelector("[data-again]");
  waiting.hidden = false;
  failed.hidden = true;
  again.hidden = true;
  const answer = await window[actions[form.dataset.passkey]](form.dataset.options);
  if (answer.credential) {
    form.elements.credential.value = answer.credential;
    form.submit();
    return;
  }
  waiting.hidden = true;
  failed.hidden = false;
  again.hidden = false;
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.querySelector("[data-again]").addEventListener("click", () => ask(form));
  ask(form);
}
