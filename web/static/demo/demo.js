// What a customer's page might do with the chat: buttons that open it, shown once there is a script to open it with.
for (const button of document.querySelectorAll("[data-open-chat]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.Parlour?.open());
}
