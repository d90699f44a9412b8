/** What forms say by themselves. */
export const TEXTS = {
  en: {
    lang: "en",
    send: "Send",
    yes: "Yes",
    no: "No",
    optional: "optional",
    choose: "Choose one",
    empty: "This is still empty. Fill it in to go on.",
    open: "Nothing is chosen yet. Choose one to go on.",
  },
  de: {
    lang: "de",
    send: "Senden",
    yes: "Ja",
    no: "Nein",
    optional: "freiwillig",
    choose: "Auswählen",
    empty: "Das ist noch leer. Füllen Sie es aus, dann geht es weiter.",
    open: "Noch nichts gewählt. Wählen Sie eines, dann geht es weiter.",
  },
};
