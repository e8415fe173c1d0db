### Ce que lisent les personnes, en français. Les mots sont ceux du portail : devis, postes, commande de Service, panier.

## Partout
close = Fermer
back = Retour
