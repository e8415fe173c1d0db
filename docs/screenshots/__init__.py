"""The screenshots in `docs/pictures/`: the demo's screens, in both languages, on a desktop and a phone."""
