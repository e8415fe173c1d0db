### What people read, in English. Grouped by the noun of the screen or message.

## Everywhere
close = Close
back = Back
