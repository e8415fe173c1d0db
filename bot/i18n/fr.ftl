### Ce que lisent les personnes, en français. Les mots sont ceux du portail : devis, postes, commande de Service, panier.

## Partout
close = Fermer
back = Retour
list-item = • { $text }
someone = un collègue
and-more = et { $count } de plus
count-more = { $count } de plus
price-per-seat = { $period ->
    [year] { $price } par poste et par an
   *[month] { $price } par poste et par mois
}

## Suites possibles
way-add-seats = Ajouter des postes
way-cart = Revenir au panier
way-warning = Afficher les devis en attente
way-open-quote = Vérifier
way-open-quote-label = Vérifier le devis { $number }
way-this-quote = Afficher le devis
way-go-on = Continuer avec { $number }
way-approve = Approuver
way-approve-label = Approuver le devis { $number }
way-reject = Rejeter
way-reject-label = Rejeter le devis { $number }
way-quotes = Devis en attente
way-checkout = Revenir au paiement
way-open-order = Ouvrir
way-open-order-label = Ouvrir la commande de Service { $number }
way-this-order = Afficher la commande de Service
way-orders = Commandes de Service
way-receipts = Tous les reçus
way-send-receipt = M’envoyer le PDF
way-send-receipt-label = M’envoyer le reçu { $number } au format PDF
way-manage-methods = Gérer les modes de paiement
way-notices = Notifications
way-services = Services des comptes Corporate
way-of-account = { $way } : { $account }

## Panier
cart-title = Ajouter des postes
cart-submit = Enregistrer et vérifier
cart-intro =
    {"*"}Nouveaux postes pour { $account }*
    Saisissez le nombre de postes à *ajouter*, { $most } au plus par abonnement. Vide ou 0 signifie aucun. Rien n’est encore acheté : les prix et les totaux s’affichent une fois le panier enregistré.
cart-seats = { $product } : nombre de nouveaux postes
cart-hint = { $seats ->
    [one] { $seats } poste aujourd’hui
   *[other] { $seats } postes aujourd’hui
} · { $price } · fin de période le { $until }
cart-hint-typed = { $seats ->
    [one] { $seats } poste aujourd’hui
   *[other] { $seats } postes aujourd’hui
}, { $after } avec { $typed } de plus · { $price } · fin de période le { $until }
cart-not-orderable = { $seats ->
    [one] *{ $product }* · { $seats } poste aujourd’hui
   *[other] *{ $product }* · { $seats } postes aujourd’hui
    }
cart-own-quote = *Vous avez déjà commencé une commande.* Elle vous attend telle quelle :
cart-own-quote-saved = Le devis { $number } de votre panier est en attente jusqu’au { $until }. Enregistré sans changement, le panier y ramène ; enregistré avec d’autres nombres, il donne un nouveau devis qui le remplace.
cart-page = Page { $page } sur { $count }. Votre saisie est conservée d’une page à l’autre.
cart-page-previous = Page précédente
cart-page-next = Page suivante
cart-choose-title = Choisir un compte
cart-choose = Vous êtes contact de facturation de plusieurs comptes Corporate. Pour lequel est-ce ?
cart-choose-account = *{ $account }*
cart-choose-button = Choisir
cart-choose-label = Choisir { $account }
cart-choose-more = { $count ->
    [one] { $count } autre compte ne tient pas ici.
   *[other] { $count } autres comptes ne tiennent pas ici.
} Les Services des comptes Corporate peuvent vous aider.
cart-warning-title = Devis en attente
cart-warning = { $count ->
    [one] Avant de commander, veuillez approuver ou rejeter le devis en attente.
   *[other] Avant de commander, veuillez approuver ou rejeter les { $count } devis en attente.
}
cart-warning-came-back = Entre-temps, les devis en attente ont changé. Rien n’a été remplacé ; veuillez les revoir avant de continuer.
cart-warning-replace = { $count ->
    [one] Si vous continuez malgré tout, le devis ci-dessus expire dès que vous enregistrez votre panier et le devis de la nouvelle commande le remplace.
   *[other] Si vous continuez malgré tout, les devis ci-dessus expirent dès que vous enregistrez votre panier et le devis de la nouvelle commande les remplace.
} *Un devis remplacé ne revient pas, même si vous abandonnez la nouvelle commande.* Un nouveau devis abandonné reste en attente.
cart-continue = Continuer et remplacer
cart-continue-ask = { $count ->
    [one] Remplacer le devis en attente ?
   *[other] Remplacer { $count } devis en attente ?
}
cart-continue-consequence = { $count ->
    [one] Il expire quand vous enregistrez le nouveau panier
   *[other] Ils expirent quand vous enregistrez le nouveau panier
}. Un devis remplacé ne revient pas, même si vous abandonnez la nouvelle commande. Un nouveau devis abandonné reste en attente.
cart-continue-yes = Continuer
cart-continue-no = Revenir
cart-not-eligible-title = Impossible ici
cart-not-eligible = Pour le moment, il n’est pas possible d’ajouter ici des postes au compte *{ $account }* :

## Devis
quote-title = Devis
quote-header = Devis { $number }
quote-review-submit = Passer au paiement
quote-summary =
    {"*"}{ $number }* · { $total }
    { $seats }
    Valable jusqu’au { $until }
quote-list-title = Devis en attente
quote-list-intro = { $count ->
    [one] *{ $account }* a un devis en attente. L’approuver mène au paiement ; rien n’est acheté avant que vous passiez la commande de Service.
   *[other] *{ $account }* a { $count } devis en attente. En approuver un mène au paiement ; rien n’est acheté avant que vous passiez la commande de Service.
}
quote-list-empty = *{ $account }* n’a aucun devis en attente. Pour commander des postes, tapez `/add-seats`. Pour voir un devis déjà traité, tapez `/quotes` et son numéro.
quote-list-more = { $count ->
    [one] { $count } autre est en attente. Pour l’ouvrir, tapez `/quotes` et son numéro :
   *[other] { $count } autres sont en attente. Pour en ouvrir un, tapez `/quotes` et son numéro :
}
quote-list-numbers = { $numbers }
quote-made = { $origin ->
    [elsewhere] Pour *{ $account }*. Préparé pour vous hors de Slack ; ici depuis le { $at }.
   *[cart] Pour *{ $account }*. Établi par { $by } à partir d’un panier le { $at }.
}
quote-pending = *En attente*, valable jusqu’au { $until }.
quote-decided = { $outcome ->
    [accepted] *Accepté* par { $by } le { $at }.
    [accepted-elsewhere] *Accepté hors de Slack* le { $at }.
    [rejected] *Rejeté* par { $by } le { $at }.
    [rejected-elsewhere] *Rejeté hors de Slack* le { $at }.
    [replaced] *Expiré* : remplacé par le devis { $replaced_by } le { $at }, par { $by }.
   *[expired] *Expiré* le { $at }. Pour commander les postes, tapez `/add-seats`.
}{ $has_order ->
    [yes] {" "}Sa commande de Service est { $order }.
   *[no] {""}
}{ $has_reason ->
    [yes] {" "}Motif : { $reason }
   *[no] {""}
}
quote-line = { $seats ->
    [one] *{ $product }* · { $seats } nouveau poste : { $before } → { $after }
   *[other] *{ $product }* · { $seats } nouveaux postes : { $before } → { $after }
    }
    { $price }, du { $since } au { $until }
    { $amount } + { $tax } de taxe
quote-totals =
    Sous-total : { $subtotal }
    Taxe : { $tax }
    {"*"}Total dû maintenant : { $total }*
quote-recurring = *À partir du prochain renouvellement*
quote-recurring-line = { $period ->
    [year] { $total } par an : { $net } + { $tax } de taxe
   *[month] { $total } par mois : { $net } + { $tax } de taxe
}
quote-recurring-scope = Pour tous les postes des abonnements de ce devis, anciens et nouveaux. La date de renouvellement ne change pas.
quote-reject-title = Rejeter le devis
quote-reject-submit = Rejeter le devis
quote-reject-intro = Un devis rejeté ne revient pas. Les autres contacts de facturation du compte peuvent lire votre motif.
quote-reject-reason = Motif
quote-reject-hint = Si vous le souhaitez, { $most } caractères au plus.

## Paiement
checkout-title = Paiement
checkout-submit = Enregistrer et continuer
checkout-intro =
    {"*"}Devis { $number } pour { $account }*
    Total dû maintenant : *{ $total }*. Veuillez vérifier les informations ci-dessous ; vous pourrez encore tout relire avant de passer la commande de Service.
checkout-admin-header = Contact administrateur
checkout-admin-intro = Un administrateur du compte dans GoTo Admin Centre (classique), existant ou nouveau. Un des postes commandés de chaque produit lui est attribué, sauf s’il en a déjà un.
checkout-administrator = Administrateur
checkout-admin-new = Un nouvel administrateur
checkout-admin-name = Nom du nouvel administrateur
checkout-admin-email = E-mail du nouvel administrateur
checkout-admin-new-hint = Seulement si vous avez choisi « Un nouvel administrateur ».
checkout-method-header = Mode de paiement
checkout-payment-method = Carte à débiter
checkout-method-hint = Pour cette commande. Pour ajouter ou modifier une carte, ou changer celle par défaut, utilisez « Gérer les modes de paiement ».
checkout-address-header = Adresse de facturation
checkout-line1 = Numéro et rue
checkout-line2 = Complément d’adresse
checkout-postal-code = Code postal
checkout-city = Ville
checkout-state = État ou province
checkout-country = Pays

## Mode de paiement
payment-method = { $brand } •••• { $last4 }, { $state ->
    [expired] expirée depuis { $expiry }
    [manual] expire fin { $expiry }, non automatique
   *[usable] expire fin { $expiry }
}{ $default ->
    [yes] , par défaut
   *[no] {""}
}
payment-method-none = Aucun mode de paiement automatique valide n’est enregistré. Utilisez « Gérer les modes de paiement » pour en ajouter un.

## Passer une commande de Service
placement-title = Commande de Service
placement-submit = Passer la commande
placement-intro =
    {"*"}Détails de la commande de Service pour { $account }*, à partir du devis { $number }
    Veuillez les vérifier. Rien n’est acheté avant que vous passiez la commande de Service.
placement-replaced = Votre adresse de facturation change la taxe : le devis { $number } a remplacé { $replaced }. Le total est maintenant de { $total }.
placement-admin =
    {"*"}Contact administrateur*
    { $name }, { $email }
    { $takes ->
        [yes] Reçoit un des nouveaux postes de : { $products }.
       *[no] A déjà un poste de chaque produit et n’en prend aucun des nouveaux.
    }
    { $free ->
        [0] Aucun nouveau poste ne reste libre pour d’autres.
        [one] { $free } nouveau poste reste libre pour d’autres.
       *[other] { $free } nouveaux postes restent libres pour d’autres.
    }
placement-method =
    {"*"}Mode de paiement*
    { $method }
billing-address = *Adresse de facturation*
placement-consequence = Passer la commande de Service accepte le devis { $number } et débite { $total }. Le traitement peut prendre jusqu’à 24 heures ; une confirmation contenant le reçu arrive par e-mail.
placed-title = Commande passée
placed-done = La commande de Service { $number } est passée.
placed = Le traitement peut prendre jusqu’à 24 heures : au plus tard le { $by }. Vous pouvez fermer cette fenêtre ; { $has_channel ->
    [yes] l’état est publié dans le canal de votre compte.
   *[no] l’état vous est communiqué par message direct.
} Une fois la commande terminée, la confirmation contenant le reçu est envoyée à { $name }, { $email }.

## Commande de Service
service-order-title = Commande de Service
service-order-header = Commande de Service { $number }
service-order-status = { $status ->
    [placed] Passée
    [processing] En cours de traitement
    [completed] Terminée
   *[failed] Échouée
}
service-order-placed = *Passée.* Le traitement commence de lui-même et peut prendre jusqu’à 24 heures : au plus tard le { $by }.
service-order-processing = *En cours de traitement.* Cela peut prendre jusqu’à 24 heures : au plus tard le { $by }.
service-order-completed = *Terminée* le { $at }.{ $some_declined ->
    [yes] {" "}Refusé, non débité : { $products }. Les Services des comptes Corporate peuvent vous aider.
   *[no] {""}
}
service-order-failed = *Échouée* le { $at }. Rien n’a été débité et aucun poste n’a été ajouté. Les Services des comptes Corporate peuvent vous aider.
service-order-overdue = Cela prend plus que les 24 heures promises. Les Services des comptes Corporate peuvent vous aider ; inutile de commander à nouveau.
service-order-retry = *Votre décision est attendue.* Vous pouvez réessayer les postes refusés jusqu’au { $until }, au même prix. Ou bien abandonnez-les : le reste de la commande sera alors terminé.
service-order-facts =
    {"*"}Compte :* { $account }
    {"*"}Devis :* { $quote }, total { $total }, dont { $tax } de taxe
    {"*"}Passée :* le { $at }, par { $by }
    {"*"}Contact administrateur :* { $admin }
    {"*"}Mode de paiement :* { $method }
service-order-summary =
    {"*"}{ $number }* · { $status }{ $needs ->
        [yes] {" "}· *vous attend*
       *[no] {""}
    }
    { $seats }
    Passée le { $at }
service-order-list-title = Commandes de Service
service-order-list = Commandes de Service du compte *{ $account }*, la plus récente en premier.
service-order-list-empty = *{ $account }* n’a pas encore de commande de Service. Pour ajouter des postes, tapez `/add-seats`.
service-order-list-more = Plus anciennes
order-line = { $seats ->
    [one] *{ $product }* · { $seats } nouveau poste · { $amount } + { $tax } de taxe
   *[other] *{ $product }* · { $seats } nouveaux postes · { $amount } + { $tax } de taxe
    }
    { $standing }
order-line-waiting = Attend son traitement, au plus tard le { $by }.
order-line-waits-for = Attend la commande de Service { $order }, en cours de débit pour le même abonnement. Continuera d’elle-même, au plus tard le { $by }.
order-line-charging = Débit en cours{ $has_until ->
    [yes] , jusqu’au { $until }
   *[no] {""}
}.
order-line-settled = Terminé le { $at } : débité, et les postes sont ajoutés.
order-line-needs-customer = La banque de la carte vous demande de confirmer le paiement, jusqu’au { $until }. Sinon, il est refusé.
order-line-unknown = Le prestataire de paiement n’a pas encore répondu. Nous continuons à l’interroger ; rien n’est débité deux fois, veuillez donc ne pas commander à nouveau.
order-line-can-retry = Non débité. Vous pouvez réessayer jusqu’au { $until }.
order-line-given-up = Non débité. Abandonné.
order-line-no-retry = Non débité. Il n’est plus possible de réessayer.
order-line-confirm = Confirmer le paiement
order-line-confirm-label = Confirmer le paiement pour { $product }
decline-card-declined = La carte a été refusée.
decline-customer-timeout = Le paiement n’a pas été confirmé à temps.
decline-never-received = Le paiement n’est pas parvenu au prestataire.
decline-period-ended = La période de l’abonnement s’est terminée avant le débit.
decline-subscription-gone = L’abonnement n’existe plus.
decline-subscription-not-active = L’abonnement n’est pas actif chez le prestataire de paiement.
decline-authentication-failed = La banque n’a pas accepté la confirmation du paiement.
decline-price-changed = Le prix a changé.
decline-price-changed-to = Le prix a changé : { $promised } étaient promis, { $offered } seraient débités maintenant.
decline-price-archived = Les postes ne sont plus vendus à ce prix.
decline-paid-by-invoice = L’abonnement se paie sur facture : aucune carte n’est débitée.
decline-other-currency = L’abonnement est facturé dans une autre devise que celle du compte.
decline-customer-gone = Le prestataire de paiement ne connaît plus le compte.
decline-method-gone = La carte n’est plus enregistrée chez le prestataire de paiement.
decline-provider-error = Le prestataire de paiement a eu une panne et n’a rien débité.
decline-unknown = Le paiement a été refusé.
decline-seats-changed = Le nombre de postes a changé entre-temps.
decline-other = Le paiement a été refusé ({ $reason }).
receipt-totals =
    {"*"}Reçu { $number }*, { $day }
    Sous-total : { $subtotal }
    Taxe : { $tax }
    {"*"}Total : { $total }*
provider-receipt = Le reçu { $number } du prestataire de paiement : <{ $page }|le voir> ou <{ $pdf }|PDF>
retry-title = Réessayer
retry-submit = Réessayer
retry-button = Réessayer
retry-intro = Ces postes de la commande de Service { $number } ont été refusés. Ils seront réessayés au même prix, avec la carte que vous choisissez :
retry-line = { $seats ->
    [one] • *{ $product }* · { $seats } nouveau poste · { $amount } + { $tax } de taxe
   *[other] • *{ $product }* · { $seats } nouveaux postes · { $amount } + { $tax } de taxe
}
give-up-button = Abandonner
give-up-ask = Abandonner les postes refusés ?
give-up-consequence = Ils ne sont pas débités et ne peuvent plus être réessayés. Les postes de cette commande déjà ajoutés restent.
give-up-yes = Abandonner
give-up-no = Revenir

## Historique
history-title = *Historique*
history-older = { $count ->
    [one] … et { $count } étape avant
   *[other] … et { $count } étapes avant
}
history-whole = Tout l’historique
history-page = Page { $page } sur { $count }
history-page-previous = Étapes précédentes
history-page-next = Étapes suivantes
history-entry = { $at } · { $who } : { $what }{ $has_reason ->
    [yes] {" "}({ $reason })
   *[no] {""}
}
history-by-scheduler = l’application
history-by-provider = le prestataire de paiement
history-other = modification de { $number } enregistrée
history-quote-made = devis { $number } établi
history-quote-replaced = devis { $number } remplacé
history-quote-accepted = devis { $number } accepté
history-quote-rejected = devis { $number } rejeté
history-quote-expired = devis { $number } expiré
history-service-order-placed = commande de Service passée
history-service-order-processing = traitement commencé
history-service-order-completed = commande de Service terminée
history-service-order-failed = commande de Service échouée
history-service-order-retried = nouvel essai pour { $product }
history-service-order-given-up = postes refusés abandonnés
history-service-order-overdue = commande de Service en retard
history-service-order-seat-assigned = poste attribué au contact administrateur
history-line-charging = { $product } en cours de débit
history-line-settled = { $product } débité, postes ajoutés
history-line-declined = { $product } refusé
history-line-needs-customer = { $product } en attente de la confirmation du paiement
history-line-unknown = { $product } en attente de la réponse du prestataire de paiement
history-reason-address-changes-tax = l’adresse de facturation change la taxe

## Compte
account-title = Facturation
account-header = { $account }
account-quotes = Devis en attente ({ $count })
account-subscriptions = { $count ->
    [0] *Abonnements :* aucun pour le moment
    [one] *Abonnement*
   *[other] *{ $count } abonnements*
}
account-subscription = { $seats ->
    [one] *{ $product }* · { $seats } poste · { $price }
   *[other] *{ $product }* · { $seats } postes · { $price }
    }{ $has_blocks ->
    [yes] {" "}(dont { $blocks })
   *[no] {""}
    }
    Renouvellement le { $renews } pour { $total } hors taxe{ $orderable ->
    [yes] {""}
   *[no] {" "}· postes ajoutés par les Services des comptes Corporate
    }
account-renewals = Les prochains renouvellements ensemble : { $totals }, hors taxe.
account-renewal = { $period ->
    [year] { $total } par an
   *[month] { $total } par mois
}
account-block = { $seats } à { $price }
account-portal = { $portal ->
    [admin] *Portail de facturation par défaut : GoTo Admin.* Vous y consultez vos factures, acceptez des devis, gérez des abonnements, et consultez et mettez à jour vos informations de facturation.
   *[corporate] *Portail de facturation par défaut : portail de facturation Corporate.* Vous y consultez abonnements, devis, commandes de Service et reçus. L’ouvrir ne change rien.
}
account-open-portal = { $portal ->
    [admin] Ouvrir GoTo Admin
   *[corporate] Ouvrir le portail de facturation
}
account-methods = *Modes de paiement.* Pour en ajouter ou en modifier un, ou changer celui par défaut, « Gérer les modes de paiement » mène à GoTo Admin ; vous saurez avant ce que cela change.
account-methods-none = *Modes de paiement :* aucun n’est enregistré. Pour commander des postes, il vous faut une carte de crédit ou de débit comme mode de paiement automatique par défaut : « Gérer les modes de paiement » mène à GoTo Admin, et vous saurez avant ce que cela change.
account-receipts = *Derniers reçus*
account-receipts-none = *Reçus :* aucun pour le moment. Un reçu est établi quand une commande de Service est terminée.
account-receipt = { $number } · { $day } · { $total } · commande de Service { $order }
account-contacts = *Contacts de facturation*
account-contact = • { $name }, { $email }
account-services = Les *Services des comptes Corporate* vous aident pour ce qui ne peut pas se faire ici.

## Portail
portal-title = Modes de paiement
portal-warning-alert = Les modes de paiement se gèrent dans GoTo Admin. Veuillez lire ce qui change avant de vous y rendre.
portal-warning =
    Pour *{ $account }*, définitivement :
    • GoTo Admin devient votre portail de facturation par défaut.
    • Le portail de facturation Corporate ne vous est plus accessible.
    • Vos informations de facturation et vos autorisations restent les mêmes.
    • Les autres contacts de facturation en sont informés. Vous pouvez continuer à ajouter des postes ici, dans Slack.
portal-offers =
    {"*"}Ce que propose GoTo Admin*
    • consulter vos factures
    • accepter des devis
    • gérer des abonnements
    • consulter et mettre à jour vos informations de facturation
portal-switch = Passer à GoTo Admin
portal-switch-ask = Passer à GoTo Admin ?
portal-switch-consequence = GoTo Admin devient votre portail de facturation par défaut et le portail de facturation Corporate ne vous est plus accessible. C’est définitif.
portal-switch-yes = Passer à GoTo Admin
portal-switch-no = Revenir
portal-already = GoTo Admin est déjà le portail de facturation par défaut du compte *{ $account }*. Le lien vers les modes de paiement n’est que pour vous ; veuillez ne pas le transmettre.
portal-show-link = Afficher le lien
portal-link = GoTo Admin est maintenant le portail de facturation par défaut du compte *{ $account }*. Le lien vers les modes de paiement n’est que pour vous ; veuillez ne pas le transmettre. Quand vous y aurez terminé, revenez ici et continuez.

## Accueil
home-commands = `/add-seats` commande des postes, `/quotes` affiche les devis en attente, `/service-orders` l’état de chaque commande de Service, `/billing` tout ce qui concerne le compte.
home-waits = Ce qui vous attend
home-nothing-waits = Rien ne vous attend.
home-orders = { $count ->
    [one] *Commande de Service en cours*
   *[other] *{ $count } commandes de Service en cours*
}
home-details = Facturation
home-of-account = *{ $account }*
home-order-line = • { $product } : { $standing }
home-payment = *Mode de paiement :* { $method }
home-payment-expires-soon = *Expire bientôt.* Ajoutez à temps une autre carte ou sa nouvelle date : une fois la carte expirée, il n’est plus possible de commander des postes.
home-page = Page { $page } sur { $count }
home-page-previous = Page précédente
home-page-next = Page suivante
home-help = Quelque chose ne peut pas se faire ici ? Les Services des comptes Corporate vous aident.
home-unlinked =
    {"*"}Bienvenue.* Ici, les contacts de facturation commandent des postes pour les abonnements de leur entreprise et suivent leurs commandes de Service.
    Vous n’êtes pas enregistré comme contact de facturation dans cet espace de travail. Si vous devez l’être, demandez à un contact de facturation de votre entreprise, ou aux Services des comptes Corporate, de vous enregistrer avec l’adresse e-mail que vous utilisez dans Slack. Tapez ensuite `/add-seats`.
home-what-it-does =
    {"*"}Ce que l’application fait pour les contacts de facturation*
    • commander des postes supplémentaires, avec le prix et le nouveau total de renouvellement avant tout achat
    • afficher les devis en attente, pour les approuver ou les rejeter
    • dire où en est chaque commande de Service, et envoyer son reçu
    Pour en savoir plus, tapez `/add-seats help`.
home-ask = Les contacts de facturation ici : { $contacts }.

## Notifications choisies
notices-title = Notifications
notices-submit = Enregistrer
notices-intro = Ce que l’application vous envoie par message direct, pour tous vos comptes.
notices-wanted = M’envoyer
notices-orders = Mes commandes de Service
notices-orders-means = Qu’une commande est passée, ou en attend une autre
notices-receipts = Les reçus, avec leur PDF
notices-receipts-means = Ils arrivent de toute façon par e-mail
notices-decisions = Les décisions sur les devis
notices-decisions-means = Approuvés ou rejetés par d’autres, remplacés, expirés
notices-reminders = Les premiers rappels de devis
notices-reminders-means = 7 jours et 48 heures avant la fin
notices-delivery = Quand
notices-at-once = Tout de suite
notices-daily = Une fois par jour, à 9 heures du matin chez moi
notices-always =
    {"*"}Ceci arrive toujours, et tout de suite :* les devis en attente et leur dernier rappel (4 heures avant), les paiements refusés ou à confirmer, les commandes échouées ou en retard, un nouveau portail par défaut, un canal où il est impossible d’écrire.
    Les reçus arrivent toujours par e-mail. Le canal du compte n’est pas concerné.
notices-saved = Enregistré. Vous recevez ces notifications tout de suite.
notices-saved-daily = Enregistré. Ces notifications arrivent une fois par jour, à 9 heures du matin.

## Historique des postes
seat-history = *L’évolution de vos postes*
seat-history-title = L’évolution de vos postes
seat-history-seats = Postes
seat-history-first = avant
seat-history-line = { $product } : { $steps }
seat-history-before = { $seats ->
    [one] { $seats } poste avant
   *[other] { $seats } postes avant
}
seat-history-since = { $seats ->
    [one] { $seats } poste depuis le { $day }
   *[other] { $seats } postes depuis le { $day }
}

## Aide
help-add-seats =
    {"*"}`/add-seats`* commande des postes supplémentaires, en quatre étapes : choisir le nombre de nouveaux postes, vérifier le devis, vérifier le paiement, passer la commande de Service. Rien n’est acheté avant la dernière étape, et chaque étape permet de revenir en arrière.
    • `/add-seats webinar 5` commence avec 5 nouveaux postes de GoTo Webinar
    • `/add-seats webinar` vérifie d’abord ce produit
    Votre saisie est conservée : si vous vous arrêtez en chemin, `/add-seats` vous ramène à votre panier.
help-quotes =
    {"*"}`/quotes`* affiche les devis en attente, à vérifier, approuver ou rejeter. Approuver mène au paiement ; rien n’est acheté avant que vous passiez la commande de Service.
    • `/quotes SQ-1001` ouvre un devis, même déjà traité
help-service-orders =
    {"*"}`/service-orders`* affiche vos commandes de Service et l’état de chacune. Le traitement peut prendre jusqu’à 24 heures.
    • `/service-orders SO-1001` en ouvre une, avec son historique et son reçu
help-billing =
    {"*"}`/billing`* affiche abonnements et postes, portail de facturation par défaut, modes de paiement, reçus et contacts de facturation.
    • `/billing reçus` affiche la liste des reçus
    • `/billing notifications` règle quelles notifications vous recevez, et quand
    • *Ouvrir le portail de facturation* mène à votre portail par défaut et ne change rien
    • *Gérer les modes de paiement* mène à GoTo Admin ; vous saurez avant ce que cela change

## Attente
waiting-title = Un instant
waiting-text = Un instant, s’il vous plaît : la réponse prend un peu plus de temps. Elle s’affiche ici d’elle-même.
not-installed = Seatbot n’est pas installé dans cet espace de travail. Demandez à la personne qui gère vos applications de l’installer.

## Refus
refusal-title = Impossible actuellement
refusal = Ce n’est pas possible.
refusal-account-not-found = Je ne connais pas ce compte.
refusal-account-not-self-served = Les postes du compte { $account } ne peuvent pas être commandés ici.{ $has_reason ->
    [yes] {" "}Motif : { $reason }.
   *[no] {""}
} Les Services des comptes Corporate peuvent les commander pour vous.
refusal-ambiguous-product = { $has_typed ->
    [yes] « { $typed } » peut désigner plusieurs produits : { $products }. Veuillez préciser le nom.
   *[no] De quel produit s’agit-il ? Veuillez taper son nom avant le nombre. Vous avez : { $products }.
}
refusal-billing-unavailable = Le système de facturation ne répond pas pour le moment. Rien n’a été modifié ni acheté. Veuillez réessayer dans quelques minutes.
refusal-checkout-incomplete = Le paiement de ce devis n’est pas complet, ou un élément n’est plus valide. Veuillez vérifier à nouveau contact administrateur, mode de paiement et adresse de facturation.
refusal-customer-not-found = { $account } n’est pas connu du prestataire de paiement : le compte n’y a jamais été relié ou y a été supprimé. Rien n’a été modifié ni acheté. Les Services des comptes Corporate peuvent vous aider.
refusal-empty-order = Veuillez saisir le nombre de nouveaux postes pour au moins un abonnement.
refusal-field-required = Veuillez remplir ce champ.
refusal-field-too-long = C’est trop long : { $most } caractères au plus.
refusal-forbidden-transition = Ce n’est plus possible, car autre chose s’est passé entre-temps. Veuillez regarder où cela en est.
refusal-identity-not-fresh = Slack n’a pas confirmé votre identité depuis une heure : rien n’a été modifié. Veuillez réessayer dans un instant.
refusal-invalid-amount = { $amount } n’est pas un montant en { $currency }.
refusal-invalid-input = Veuillez vérifier votre saisie.
refusal-no-automatic-payment-method = Pour commander des postes, le compte doit avoir une carte de crédit ou de débit valide comme mode de paiement automatique par défaut. Pour en ajouter ou en choisir une, utilisez « Gérer les modes de paiement ».
refusal-not-a-billing-contact = Seuls les contacts de facturation d’un compte peuvent ajouter des postes ou lire ses devis, commandes de Service et reçus. { $has_contacts ->
    [yes] Veuillez vous adresser à l’un d’eux : { $contacts }.
   *[no] Veuillez demander aux Services des comptes Corporate qui ils sont.
}
refusal-not-allowed = Cela ne vous est pas accessible.
refusal-not-an-email = { $has_typed ->
    [yes] « { $typed } » n’est pas une adresse e-mail. Veuillez en saisir une comme nom@exemple.com.
   *[no] Veuillez saisir une adresse e-mail, comme nom@exemple.com.
}
refusal-nothing-to-order = Aucun des abonnements du compte { $account } ne peut recevoir de postes supplémentaires ici. Les Services des comptes Corporate peuvent vous aider.
refusal-nothing-to-retry = { $outcome ->
    [retried] { $by } a réessayé les postes refusés de la commande de Service { $number } le { $at }. Pour voir où elle en est, tapez /service-orders { $number }.
    [given_up] { $by } a abandonné les postes refusés de la commande de Service { $number } le { $at }. Ils ne sont pas débités. Pour commander des postes, tapez /add-seats.
   *[over] Rien dans la commande de Service { $number } ne peut être réessayé ou abandonné maintenant : le délai est passé. Les Services des comptes Corporate peuvent vous aider.
}
refusal-order-not-found = { $has_number ->
    [yes] Je ne connais pas de commande de Service { $number }. Pour voir les vôtres, tapez /service-orders.
   *[no] Je ne connais pas cette commande de Service. Pour voir les vôtres, tapez /service-orders.
}
refusal-currency-mismatch = L’un de ces abonnements est facturé dans une autre devise que celle du compte, et aucun prix ne peut être promis pour ses postes. Rien n’a été modifié ni acheté. Les Services des comptes Corporate peuvent commander ces postes pour vous.
refusal-subscription-paid-by-invoice = L’un de ces abonnements se paie sur facture et ses postes ne peuvent être débités sur aucune carte. Rien n’a été modifié ni acheté. Les Services des comptes Corporate peuvent commander ces postes pour vous.
refusal-payment-method-not-usable = Cette carte ne peut pas être débitée : elle n’existe plus, a expiré ou n’est pas réglée pour le paiement automatique. Veuillez en choisir une autre.
refusal-price-archived = Les postes de l’un de ces abonnements ne sont plus vendus à son prix. Rien n’a été modifié ni acheté. Les Services des comptes Corporate peuvent vous aider.
refusal-quoted-price-changed = Le prix n’est plus celui que promettait le devis { $number } : { $promised } étaient promis, { $now } seraient débités maintenant, taxes comprises. Rien n’a été débité et le devis reste en attente. Pour commander au prix d’aujourd’hui, enregistrez à nouveau le panier avec d’autres nombres ou adressez-vous aux Services des comptes Corporate.
refusal-mixed-prices-unsupported = Le système de facturation ne peut pas tenir des postes à deux prix différents dans un même abonnement. Rien n’a été modifié ni acheté. Les Services des comptes Corporate peuvent commander ces postes pour vous.
refusal-product-not-self-served = Des postes supplémentaires pour { $product } ne peuvent pas être commandés ici.{ $has_reason ->
    [yes] {" "}Motif : { $reason }.
   *[no] {""}
} Les Services des comptes Corporate peuvent les commander pour vous.
refusal-quote-not-found = { $has_number ->
    [yes] Je ne connais pas de devis { $number }. Pour voir ceux en attente, tapez /quotes.
   *[no] Je ne connais pas ce devis. Pour voir ceux en attente, tapez /quotes.
}
refusal-quote-not-pending = Le devis { $number } n’est plus en attente. { $outcome ->
    [accepted] { $by } l’a accepté le { $at }. Pour voir sa commande de Service, tapez /service-orders.
    [accepted-elsewhere] Il a été accepté hors de Slack le { $at }.
    [rejected] { $by } l’a rejeté le { $at }. Pour commander des postes, tapez /add-seats.
    [rejected-elsewhere] Il a été rejeté hors de Slack le { $at }. Pour commander des postes, tapez /add-seats.
    [replaced] { $by } l’a remplacé par le devis { $replaced_by } le { $at }. Pour voir les devis en attente, tapez /quotes.
   *[expired] Il a expiré le { $at }. Pour commander les postes, tapez /add-seats.
}
refusal-quotes-pending = D’autres devis sont en attente depuis. Rien n’a été modifié ; veuillez d’abord les traiter : { $numbers }.
refusal-reason-too-long = Le motif a { $length } caractères ; { $most } au plus sont possibles.
refusal-receipt-not-found = Je ne connais pas ce reçu. Pour voir les vôtres, tapez /billing receipts.
refusal-seats-not-a-number = « { $typed } » n’est pas un nombre de postes. Veuillez saisir un nombre entier, 0 ou plus.
refusal-subscription-busy = La commande de Service { $number } est en cours de débit pour le même abonnement. Veuillez réessayer quand elle sera terminée.
refusal-subscription-not-active = L’un de ces abonnements n’est pas actif chez le prestataire de paiement : il est suspendu, à l’essai ou impayé. Rien n’a été modifié ni acheté. Les Services des comptes Corporate peuvent vous aider.
refusal-subscription-not-found = Je ne connais pas cet abonnement. Veuillez rouvrir le panier.
refusal-subscription-not-self-served = Les postes de cet abonnement à { $product } ne peuvent pas être commandés ici.{ $has_reason ->
    [yes] {" "}Motif : { $reason }.
   *[no] {""}
} Les Services des comptes Corporate peuvent les commander pour vous.
refusal-view-trigger-expired = Cela a pris trop de temps pour que Slack ouvre un écran. Rien n’est perdu ; veuillez réessayer.
refusal-database-unavailable = Seatbot ne peut pas accéder à ses données pour le moment. Veuillez réessayer dans quelques minutes : ce qui est enregistré est en sécurité, et rien n’est acheté deux fois.
refusal-unexpected-error = Un problème est survenu de notre côté, et il est consigné. Veuillez réessayer ; si cela se reproduit, indiquez cette référence aux Services des comptes Corporate : { $reference }.
refusal-unknown-subcommand = Je ne connais pas « { $word } » après { $command }. Pour voir ce que cette commande sait faire, tapez { $command } help.
refusal-too-busy = Il y a trop d’activité pour le moment : rien n’a été modifié. Veuillez réessayer dans une minute.
refusal-too-many-seats = { $most } nouveaux postes au plus sont possibles ici.
refusal-too-many-seats-in-order = { $total } nouveaux postes sont trop pour une commande : { $most } au plus.
refusal-unknown-administrator = Cet administrateur n’est plus sur ce compte. Veuillez en choisir un autre.
refusal-unknown-country = Veuillez choisir un pays dans la liste.
refusal-unknown-currency = { $currency } n’est pas une devise.
refusal-unknown-product = { $has_products ->
    [yes] Il n’y a pas d’abonnement à « { $typed } » ici. Vous avez : { $products }.
   *[no] Aucun abonnement ici ne peut recevoir de postes supplémentaires.
}
refusal-invalid-accounts-file = Le fichier ne peut pas être importé. { $problems }

## Notifications
notice-services = Services des comptes Corporate : { $url }
notice-row = { $product } : { $seats ->
    [one] { $seats } nouveau poste
   *[other] { $seats } nouveaux postes
}
notice-row-amount = { $amount } plus { $tax } de taxe
notice-more-rows = … et { $more ->
    [one] { $more } autre produit
   *[other] { $more } autres produits
}
notice-total-with-tax = Total : { $total }, dont { $tax } de taxe
notice-subtotal = Sous-total : { $amount }
notice-tax = Taxe : { $amount }
notice-total = Total : { $amount }
notice-paid-by = Débité sur { $brand } se terminant par { $last4 }
notice-line-state = { $status ->
    [waiting] en attente
    [charging] paiement en cours
    [settled] réglé, postes ajoutés
    [declined] refusé
    [needs_customer] attend la confirmation du paiement
   *[unknown] attend la réponse du prestataire de paiement
}
notice-line-waits = attend la commande de Service { $number }
notice-line-declined = refusé : { $reason }
notice-reason-card-declined = la carte a été refusée
notice-reason-customer-timeout = le paiement n’a pas été confirmé à temps
notice-reason-never-received = le paiement n’est pas parvenu au prestataire
notice-reason-period-ended = la période de l’abonnement s’est terminée avant
notice-reason-subscription-gone = l’abonnement n’existe plus
notice-reason-subscription-not-active = l’abonnement n’est pas actif chez le prestataire de paiement
notice-reason-seats-changed = le nombre de postes a changé entre-temps
notice-reason-authentication-failed = la banque n’a pas accepté la confirmation
notice-reason-price-changed = le prix a changé
notice-reason-price-archived = les postes ne sont plus vendus à ce prix
notice-reason-paid-by-invoice = l’abonnement se paie sur facture
notice-reason-other-currency = l’abonnement est facturé dans une autre devise que celle du compte
notice-reason-customer-gone = le prestataire de paiement ne connaît plus le compte
notice-reason-method-gone = la carte n’est plus enregistrée chez le prestataire de paiement
notice-reason-provider-error = le prestataire de paiement a eu une panne et n’a rien débité
notice-order-state = { $status ->
    [placed] passée
    [processing] en cours de traitement
    [completed] terminée
   *[failed] échouée
}
notice-order-status = Commande de Service { $number } : { notice-order-state }
notice-order-now = Ce n’est plus nécessaire : la commande de Service est maintenant { notice-order-state }.
notice-order-placed-by = Passée par { $name } le { $at }, à partir du devis { $quote }
notice-order-promise = Le traitement peut prendre jusqu’à 24 heures : au plus tard le { $by }.
notice-order-next-decide = La décision d’un contact de facturation est attendue : réessayer les postes refusés ou les abandonner, jusqu’au { $until }. Rien n’est débité pour eux d’ici là.
notice-order-next-confirm = Le contact de facturation doit confirmer le paiement jusqu’au { $until } ; sinon, il est refusé.
notice-order-next-waits = Elle continuera d’elle-même dès que la commande de Service { $number } sera traitée, au plus tard le { $by }.
notice-order-next-late = Elle devait être terminée le { $by } au plus tard et prend plus de temps. Inutile de commander à nouveau ; les Services des comptes Corporate peuvent vous aider.
notice-order-finished = { $status ->
    [completed] Terminée le { $at }. Reçu { $receipt }
   *[failed] Échouée le { $at }
}
notice-order-placed = Votre commande de Service { $number } pour { $account } est passée
notice-order-admin = Contact administrateur : { $name }, { $email }
notice-order-waits = La commande de Service { $number } attend { $waits_for }
notice-order-waits-why = Une seule commande de Service à la fois est débitée pour un abonnement. La vôtre continuera d’elle-même dès que { $waits_for } sera traitée.
notice-order-declined = Commande de Service { $number } : paiement refusé pour { $products }
notice-order-declined-why = Motif : { $reason }
notice-order-two-prices = Promis : { $promised }. Ce serait { $offered } maintenant, taxes comprises.
notice-order-declined-nothing = Rien n’a été débité pour cela et aucun poste n’a été ajouté.
notice-order-retry = Réessayez avec ce mode de paiement ou un autre jusqu’au { $until }, ou abandonnez.
notice-order-no-retry = Il n’est plus possible de réessayer.
notice-order-needs-customer = { $personal ->
    [yes] Commande de Service { $number } : veuillez confirmer le paiement pour { $products }
   *[no] Commande de Service { $number } : le contact de facturation doit confirmer le paiement pour { $products }
}
notice-order-confirm = { $product } : la banque de la carte demande une confirmation.
notice-order-confirm-until = { $product } : la banque de la carte demande une confirmation, jusqu’au { $until }.
notice-order-confirm-link = Confirmez ici : { $url }
notice-order-failed = La commande de Service { $number } a échoué
notice-order-failed-nothing = Rien n’a été débité et aucun poste n’a été ajouté. Les Services des comptes Corporate peuvent vous aider.
notice-order-overdue = La commande de Service { $number } est en retard
notice-order-overdue-since = Elle devait être terminée le { $by } au plus tard et ne l’est pas.
notice-order-overdue-ask = Les Services des comptes Corporate peuvent vous aider. Indiquez-leur le numéro { $number }.
notice-account = Compte : { $name } ({ $id })
notice-contact = Contact de facturation : { $name }, { $email }
notice-steps = Étapes jusqu’ici :
notice-step = • { $at } : { $what } ({ $by }) { $reason }
notice-history = { $step ->
    [placed] { $at } : passée par { $by }
    [processing] { $at } : traitement commencé
    [line_settled] { $at } : { $product } : { $seats ->
        [one] { $seats } poste ajouté
       *[other] { $seats } postes ajoutés
    }
    [line_declined] { $at } : { $product } refusé : { $reason }
    [line_needs_customer] { $at } : { $product } attend la confirmation du paiement
    [line_unknown] { $at } : { $product } attend la réponse du prestataire de paiement ; rien n’est débité deux fois
    [waits] { $at } : attend la commande de Service { $waits_for }
    [retried] { $at } : nouvel essai par { $by }
    [given_up] { $at } : postes refusés abandonnés par { $by }
    [overdue] { $at } : en retard
    [completed] { $at } : terminée
    [failed] { $at } : échouée
   *[other] { $at } : { $step }
}
notice-receipt = Reçu { $number } de la commande de Service { $order }
notice-receipt-file = Le PDF du reçu { $number }
notice-receipt-went = Le reçu { $number } a été envoyé au contact de facturation par message direct et par e-mail. Les contacts de facturation le retrouvent avec /billing receipts.
notice-not-bought = Non acheté, non débité :
notice-quote = Devis { $number }
notice-quote-arrived = Le devis { $number } attend votre décision
notice-quote-reminder = Le devis { $number } expire le { $until }
notice-quote-valid = Valable jusqu’au { $until }
notice-quote-decided = { $decision ->
    [accepted] Le devis { $number } a été accepté
    [rejected] Le devis { $number } a été rejeté
    [replaced] Le devis { $number } a été remplacé
    [accepted_elsewhere] Le devis { $number } a été accepté hors de Slack
    [rejected_elsewhere] Le devis { $number } a été rejeté hors de Slack
    [pending] Devis { $number }
   *[expired] Le devis { $number } a expiré
}
notice-quote-decision = { $decision ->
    [accepted] Accepté par { $by } le { $at } : commande de Service { $order }
    [rejected] Rejeté par { $by } le { $at }. { $reason }
    [replaced] Remplacé par le devis { $replaced_by } le { $at }, par { $by }. Il ne revient pas.
    [accepted_elsewhere] Accepté hors de Slack le { $at }
    [rejected_elsewhere] Rejeté hors de Slack le { $at }
   *[expired] Expiré le { $at }
}
notice-portal-changed = { $by } a ouvert les modes de paiement dans GoTo Admin : c’est désormais le portail de facturation par défaut de { $account }
notice-portal-changed-means = Le portail de facturation Corporate ne vous est plus accessible. Vos informations de facturation et vos autorisations restent les mêmes, et vous pouvez continuer à ajouter des postes ici.
notice-channel-unreachable = Je ne peux pas écrire dans <#{ $channel }>, le canal de { $account }
notice-channel-unreachable-plain = Il est impossible d’écrire dans le canal { $channel } de { $account }
notice-channel-unreachable-means = Ce qui y était destiné est envoyé aux contacts de facturation par message direct. Pour rétablir le canal, invitez-y l’application ou faites définir un autre canal.
notice-digest = { $count ->
    [one] Votre résumé pour { $account } : { $count } notification
   *[other] Votre résumé pour { $account } : { $count } notifications
}
notice-digest-line = • { $at } : { $what }
notice-digest-why = Vous avez choisi de recevoir ceci une fois par jour.
notice-choices = Vous pouvez choisir : { $choices }
notice-open-order = Voir les détails
notice-open-order-label = Voir les détails de la commande de Service { $number }
notice-retry = Réessayer
notice-retry-label = Réessayer la commande de Service { $number }
notice-give-up = Abandonner
notice-give-up-label = Abandonner la commande de Service { $number }
notice-give-up-ask = Abandonner ce qui a été refusé dans { $number } ? Il ne sera plus possible de réessayer.
notice-give-up-no = Retour
notice-confirm-payment = Confirmer le paiement
notice-open-quote = Vérifier
notice-open-quote-label = Vérifier le devis { $number }
notice-approve-quote = Approuver
notice-approve-quote-label = Approuver le devis { $number }
notice-reject-quote = Rejeter
notice-reject-quote-label = Rejeter le devis { $number }

## Reçu
receipt-list-title = Reçus
receipt-list = Reçus du compte *{ $account }*, le plus récent en premier. Le PDF vous parvient par message direct.
receipt-list-empty = Le compte *{ $account }* n’a pas encore de reçus. Un reçu est établi quand une commande de Service est terminée.
receipt-list-more = Plus anciens
receipt-sent-done = Le reçu { $number } vous est envoyé.
receipt-sent = Il vous parvient dans un instant par message direct, avec le PDF. Si Slack ne peut pas le remettre, il est envoyé à { $email }.
receipt-title = Reçu { $number }
receipt-heading = Reçu
receipt-paid = Payé
receipt-seller = Vendeur
receipt-buyer = Facturé à
receipt-number = Numéro de reçu
receipt-date = Date
receipt-order = Commande de Service
receipt-quote = Devis
receipt-column-product = Produit
receipt-column-seats = Nouveaux postes
receipt-column-period = Période
receipt-column-amount = Montant
receipt-column-tax = Taxe
receipt-price = { price-per-seat }, au prorata
receipt-since = du { $day }
receipt-until = au { $day }
receipt-subtotal = Sous-total
receipt-tax = Taxe
receipt-total = Total
receipt-card = Payé le { $day } par { $brand } se terminant par { $last4 }
receipt-page-of = Page { $page } sur { $pages }

## E-mail du reçu
mail-receipt-subject = Reçu { $number } de la commande de Service { $order }
mail-receipt-thanks = Votre commande de Service { $order } est terminée. Voici son reçu.
mail-receipt-attached = Le reçu est joint au format PDF.
mail-receipt-number = Reçu : { $number }
mail-receipt-date = Date : { $day }
mail-receipt-account = Compte : { $account }
mail-receipt-address = Adresse de facturation :
mail-receipt-order = Commande de Service : { $order }, à partir du devis { $quote }
mail-receipt-placed = Passée par { $name } le { $day }
mail-receipt-admin = Contact administrateur : { $name }, { $email }
mail-column-product = Produit
mail-column-seats = Nouveaux postes
mail-column-amount = Montant
mail-column-tax = Taxe
mail-why = Slack n’a pas pu vous remettre ce message : il vous parvient donc par e-mail.
