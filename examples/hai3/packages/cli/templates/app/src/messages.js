export const messages = {
  en: {
    home: { title: "It works", body: "This screen was made by the template.", more: "About" },
    about: { title: "Made of these plugins" },
  },
  de: {
    home: { title: "Es läuft", body: "Diese Seite stammt aus der Vorlage.", more: "Über" },
    about: { title: "Aus diesen Plugins gemacht" },
  },
};
