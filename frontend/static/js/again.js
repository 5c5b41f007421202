// Submits a form once more by script, as a tap on its button would (older Safari has no requestSubmit).

export function submitAgain(form, submitter) {
  if (form.requestSubmit) form.requestSubmit(submitter ?? undefined);
  else form.submit();
}
