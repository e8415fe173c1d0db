### Ce que lisent les personnes, en français. Les mots sont ceux du portail : devis, postes, commande de Service, panier.

## Partout
close = Fermer
back = Retour

## Notices
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
    [line_waits] { $at } : { $product } attend la commande de Service { $waits_for }
    [retried] { $at } : nouvel essai de { $by }
    [given_up] { $at } : abandonnée par { $by }
    [overdue] { $at } : en retard
    [completed] { $at } : terminée
    [failed] { $at } : échouée
   *[other] { $at } : { $step }
}
notice-receipt = Reçu { $number } de la commande de Service { $order }
notice-not-bought = Non acheté, non débité :
notice-quote = Devis { $number }
notice-quote-arrived = Le devis { $number } attend votre décision
notice-quote-reminder = Le devis { $number } expire bientôt
notice-quote-valid = Valable jusqu’au { $until }
notice-quote-decided = { $decision ->
    [accepted] Le devis { $number } a été approuvé
    [rejected] Le devis { $number } a été rejeté
    [replaced] Le devis { $number } a été remplacé
    [accepted_elsewhere] Le devis { $number } a été accepté hors de Slack
    [rejected_elsewhere] Le devis { $number } a été rejeté hors de Slack
    [pending] Devis { $number }
   *[expired] Le devis { $number } a expiré
}
notice-quote-decision = { $decision ->
    [accepted] Approuvé par { $by } le { $at } : commande de Service { $order }
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

## Receipt mail
mail-receipt-subject = Reçu { $number } de la commande de Service { $order }
mail-receipt-thanks = Votre commande de Service { $order } est terminée. Voici son reçu.
mail-receipt-number = Reçu : { $number }
mail-receipt-date = Date : { $day }
mail-receipt-account = Compte : { $account }
mail-receipt-address = Adresse de facturation : { $address }
mail-receipt-order = Commande de Service : { $order }, à partir du devis { $quote }
mail-receipt-placed = Passée par { $name } le { $day }
mail-receipt-admin = Contact administrateur : { $name }, { $email }
mail-column-product = Produit
mail-column-seats = Nouveaux postes
mail-column-amount = Montant
mail-column-tax = Taxe
mail-why = Slack n’a pas pu vous remettre ce message : il vous parvient donc par e-mail.
