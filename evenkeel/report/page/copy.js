// A button beside each command and listing that copies it. Without JavaScript there are no buttons.
for (const code of document.querySelectorAll(".command code, details > pre")) {
  const button = Object.assign(document.createElement("button"), { className: "copy", type: "button" });
  const name = (text) => { button.textContent = text; };
  // A page opened as a file may not use the clipboard in every browser; then the text is copied through a selection.
  const copySelected = () => {
    getSelection().selectAllChildren(code);
    const copied = document.execCommand("copy");
    if (copied) getSelection().removeAllRanges();
    return copied;
  };
  const copy = () => navigator.clipboard?.writeText(code.textContent).then(() => true, copySelected) ??
    Promise.resolve(copySelected());
  button.addEventListener("click", () => copy().then((copied) => {
    name(copied ? "Copied" : "Press Ctrl+C");
    setTimeout(name, 2000, "Copy");
  }));
  name("Copy");
  code.before(button);
}
