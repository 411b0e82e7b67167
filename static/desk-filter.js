// The slider of the spam filter's threshold and the number beside it: one moves the other.

const form = document.querySelector("#tune");
const slider = form?.elements.namedItem("slider");
const number = form?.elements.namedItem("from");
const own = document.querySelector("#own");

slider?.addEventListener("input", () => {
  number.value = String(Math.round(slider.value * 10) / 10);
  own.checked = true;
});

number?.addEventListener("input", () => {
  slider.value = number.value.replace(",", ".");
  own.checked = true;
});

// Sent is the number alone: what stands in both must not be told apart.
form?.addEventListener("formdata", ({ formData }) => {
  formData.delete("slider");
});
