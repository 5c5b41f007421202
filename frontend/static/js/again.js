// Submits a form once more by script, as a tap on its button would (older Safari has no requestSubmit).

export function submitAgain(form, submitter) {
  setTimeout(() => { // a form that is still telling its listeners of the first submit ignores a second one
    if (form.requestSubmit) form.requestSubmit(submitter ?? undefined);
    else form.submit();
  }, 0);
}
