### Ce que lisent les personnes, en français. Les mots sont ceux du portail : devis, postes, commande de Service, panier.
### « Nous » est le service, « vous » la personne qui lit. Les boutons sont des verbes.

## Partout
close = Fermer
back = Retour
go-back = Revenir
previous-page = Page précédente
next-page = Page suivante
page-of = Page { $page } sur { $count }
show-older = Afficher les plus anciens
list-item = • { $text }
someone = un collègue
and-more = et { $count } de plus
count-more = { $count } de plus
account-name = *{ $account }*
account-services-name = Services des comptes
seat-count = { $seats ->
    [one] { $seats } poste
   *[other] { $seats } postes
}
new-seat-count = { $seats ->
    [one] { $seats } nouveau poste
   *[other] { $seats } nouveaux postes
}
period-length = { $count ->
    [1] { $unit ->
        [day] par jour
        [week] par semaine
        [year] par an
       *[month] par mois
    }
   *[other] { $unit ->
        [day] tous les { $count } jours
        [week] toutes les { $count } semaines
        [year] tous les { $count } ans
       *[month] { $count ->
            [3] par trimestre
            [6] par semestre
           *[other] tous les { $count } mois
        }
    }
}
labelled-amount = { $label } : { $amount }
price-per-seat = { $price } par poste et { $period }
price-per-package = { $price } par lot de { $count } postes et { $period }{ $counted ->
    [full] {" "}(les lots incomplets ne sont pas facturés)
   *[started] {" "}(tout lot entamé est facturé en entier)
}
price-in-words = { $scheme ->
    [graduated] tarif par paliers { $period } : chaque poste au prix de son palier
    [volume] tarif par paliers { $period } : le nombre de postes fixe le prix de tous
    [usage] facturé à l’usage { $period }
   *[other] prix indiqué sur votre devis
}
price-including-tax = { $price }, taxes comprises
price-per-period = { $total } { $period }
billing-address = Adresse de facturation
pending-quotes = Devis en attente
service-order = Commande de Service
service-orders = Commandes de Service
receipts = Reçus
quote = Devis
quote-number = Devis { $number }
service-order-number = Commande de Service { $number }
admin-contact = Contact administrateur : { $name }, { $email }

## Actions
add-seats = Ajouter des postes
action-back-to-cart = Revenir au panier
action-back-to-checkout = Revenir au paiement
action-review-quote = Examiner
action-review-quote-label = Examiner le devis { $number }
action-view-quote = Voir le devis
action-continue-quote = Reprendre { $number }
action-approve-quote = Approuver
action-approve-quote-label = Approuver le devis { $number }
action-reject-quote = Rejeter
action-reject-quote-label = Rejeter le devis { $number }
action-send-quote = Obtenir le PDF
action-send-quote-label = Obtenir le PDF du devis { $number }
action-ask-for-extension = Demander un délai
action-ask-for-extension-label = Demander un délai pour le devis { $number }
action-approve-extension = Prolonger
action-approve-extension-label = Prolonger la validité du devis { $number }
action-decline = Refuser
action-decline-extension-label = Refuser la prolongation du devis { $number }
action-view-quotes = Voir les devis en attente
action-view-quotes-count = { $count ->
    [0] { action-view-quotes }
   *[other] { action-view-quotes } ({ $count })
}
action-view-order = Voir la commande de Service
action-view-order-label = Voir la commande de Service { $number }
action-repeat-order = Commander à nouveau
action-repeat-order-label = Commander à nouveau les postes de la commande de Service { $number }
action-view-orders = Voir les commandes de Service
action-view-receipts = Voir tous les reçus
action-export-receipts = Envoyer les reçus d’une période
action-send-receipt = M’envoyer le PDF
action-send-receipt-label = { $kind ->
    [invoice] { $count ->
        [one] M’envoyer le PDF de la facture { $number }
       *[other] M’envoyer le PDF des factures { $number }
    }
   *[receipt] M’envoyer le PDF du reçu { $number }
}
action-manage-payment-methods = Gérer les modes de paiement
action-manage-contacts = Gérer les contacts
action-invite-contact = Inviter un collègue
action-withdraw-contact = Retirer
action-withdraw-contact-label = Retirer { $name }
action-cancel-invitation = Annuler l’invitation
action-cancel-invitation-label = Annuler l’invitation de { $name }
action-accept-invitation = Accepter
action-accept-invitation-label = Accepter l’invitation à devenir contact de facturation du compte { $account }
action-decline-invitation-label = Refuser l’invitation à devenir contact de facturation du compte { $account }
action-manage-notifications = Gérer les notifications
action-contact-services = Contacter les Services des comptes Corporate
action-view-billing = Voir la facturation
action-confirm-payment = Confirmer le paiement
action-confirm-payment-label = Confirmer le paiement pour { $product }
action-change = Modifier
action-change-admin-label = Modifier le contact administrateur
action-change-method-label = Modifier le mode de paiement
action-change-po-number-label = Modifier le numéro de bon de commande
action-change-address-label = Modifier l’adresse de facturation
action-open-invoice = Voir et payer
action-open-invoice-label = Voir et payer la facture { $number }
action-pay-invoice = Payer la facture
action-view-invoice = Voir la facture
action-retry = Réessayer
action-retry-label = Réessayer : commande de Service { $number }
action-cancel-seats = Annuler les postes refusés
action-cancel-seats-label = Annuler les postes refusés de la commande de Service { $number }
action-for-account = { $action } : { $account }

## Panier
cart-submit = Enregistrer et examiner
cart-intro =
    {"*"}Ajouter des postes au compte { $account }*
    Indiquez le nombre de postes à *ajouter*, { $most } au maximum par abonnement. Laissez vide ou saisissez 0 pour n’en ajouter aucun. Rien n’est facturé à ce stade : les prix et les nouveaux totaux s’affichent une fois le panier enregistré.
cart-seats = { $product } : postes à ajouter
cart-hint = Actuellement { seat-count } · { $price } · période en cours jusqu’au { $until } inclus
cart-hint-typed = Actuellement { seat-count }, { $after } après en avoir ajouté { $typed } · { $price } · période en cours jusqu’au { $until } inclus
cart-not-orderable = *{ $product }*{ $has_seats ->
    [yes] {" "}· actuellement { seat-count }
   *[no] {""}
}
cart-resume = *Vous avez déjà commencé une commande.* Reprenez-la là où vous en étiez :
cart-resume-quote = Le devis { $number } issu de ce panier est en attente, valable { validity }. Enregistrez sans rien changer pour y revenir. Si vous modifiez les nombres, un nouveau devis le remplacera.
cart-page = { page-of }. Votre saisie est conservée d’une page à l’autre.
cart-repeat = { $has_seats ->
    [yes] Voici les postes de la commande de Service { $number }. Vérifiez les nombres avant d’enregistrer le panier.
   *[no] Rien de la commande de Service { $number } ne peut être commandé de nouveau.
}
cart-repeat-missing = { $product }, { seat-count } : non repris. { $reason }
cart-repeat-kept = Déjà dans votre panier : { $seats }. Si vous n’en voulez pas dans cette commande, effacez ces nombres.
cart-repeat-replaced = Ces nombres remplacent ceux qui étaient dans votre panier : { $seats }.
cart-choose-title = Choisir un compte
cart-choose = Vous êtes contact de facturation de plusieurs comptes Corporate. Lequel souhaitez-vous utiliser ?
cart-choose-button = Choisir
cart-choose-label = Choisir { $account }
cart-choose-more = { $count ->
    [one] { $count } autre compte n’apparaît pas ici. Pour l’utiliser, contactez les Services des comptes Corporate.
   *[other] { $count } autres comptes n’apparaissent pas ici. Pour en utiliser un, contactez les Services des comptes Corporate.
}
cart-warning = { $count ->
    [one] Vous avez un devis en attente. Approuvez-le ou rejetez-le avant de commander d’autres postes.
   *[other] Vous avez { $count } devis en attente. Approuvez-les ou rejetez-les avant de commander d’autres postes.
}
cart-warning-changed = Entre-temps, vos devis en attente ont changé. Rien n’a été remplacé. Vérifiez-les avant de continuer.
cart-warning-replace = { $count ->
    [one] Si vous continuez malgré tout, le devis ci-dessus expirera dès que vous enregistrerez votre panier, et votre nouveau devis le remplacera.
   *[other] Si vous continuez malgré tout, les devis ci-dessus expireront dès que vous enregistrerez votre panier, et votre nouveau devis les remplacera.
} *Un devis remplacé ne peut pas être rétabli, même si vous abandonnez la nouvelle commande.* Si vous l’abandonnez, son devis reste en attente.
cart-continue = Continuer et remplacer
cart-continue-ask = { $count ->
    [one] Remplacer le devis en attente ?
   *[other] Remplacer { $count } devis en attente ?
}
cart-continue-consequence = { $count ->
    [one] Il expirera dès que vous enregistrerez le nouveau panier.
   *[other] Ils expireront dès que vous enregistrerez le nouveau panier.
} Un devis remplacé ne peut pas être rétabli, même si vous abandonnez la nouvelle commande.
cart-continue-yes = Continuer
cart-not-eligible-title = Ajout impossible

## Devis
quote-submit = Passer au paiement
quote-extension-requested = Le { $at }, { $by } a demandé un délai jusqu’au { $until } inclus. Les Services des comptes Corporate décideront.
quote-summary =
    {"*"}{ $number }* · { $total }
    { $seats }
    { quote-valid-until }
validity = { $whole ->
    [yes] jusqu’au { $until } inclus
   *[no] jusqu’au { $until }
}
quote-valid-until = Valable { validity }
quote-list-intro = { $count ->
    [one] *{ $account }* a un devis en attente. Approuvez-le pour passer au paiement. Rien n’est facturé tant que vous n’avez pas passé la commande de Service.
   *[other] *{ $account }* a { $count } devis en attente. Approuvez-en un pour passer au paiement. Rien n’est facturé tant que vous n’avez pas passé la commande de Service.
}
quote-list-empty = *{ $account }* n’a aucun devis en attente. Pour commander des postes, tapez `/add-seats`. Pour consulter un ancien devis, tapez `/quotes` suivi de son numéro.
quote-list-more = { $count ->
    [one] { $count } autre devis est en attente. Pour l’ouvrir, tapez `/quotes` suivi de son numéro :
   *[other] { $count } autres devis sont en attente. Pour en ouvrir un, tapez `/quotes` suivi de son numéro :
}
quote-list-numbers = { $numbers }
quote-origin = { $origin ->
    [elsewhere] Pour *{ $account }*. Préparé pour vous hors de Slack et ajouté ici le { $on }.
   *[cart] Pour *{ $account }*. Établi par { $by } à partir d’un panier le { $on }.
}
quote-pending = *En attente*, valable { validity }.
quote-decided = { $outcome ->
    [accepted] *Accepté* par { $by } le { $at }.
    [accepted-elsewhere] *Accepté hors de Slack* le { $at }.
    [rejected] *Rejeté* par { $by } le { $at }.
    [rejected-elsewhere] *Rejeté hors de Slack* le { $at }.
    [replaced] *Expiré* : { $by } l’a remplacé par le devis { $replaced_by } le { $at }.
   *[expired] *Expiré* le { $at }. Pour commander ces postes, tapez `/add-seats`.
}{ $has_order ->
    [yes] {" "}Commande de Service : { $order }.
   *[no] {""}
}{ $has_reason ->
    [yes] {" "}Motif : { $reason }
   *[no] {""}
}
quote-line =
    {"*"}{ $product }* · { new-seat-count } : { $before } → { $after }
    { $price }, au prorata ({ $dates })
line-amounts =
    { $amount }{ $has_tax ->
        [yes] {"\u000A"}+ { $tax } de taxe
       *[no] {""}
    }
quote-total = { $pending ->
    [yes] Total dû maintenant
   *[no] Total
}
tax-without-rate = { $treatment ->
    [customer_exempt] Taxe (exonération)
    [not_calculated] Taxe (non calculée)
    [product_exempt] Taxe (exonération)
    [reverse_charge] Taxe (autoliquidation)
    [zero_rated] Taxe (taux zéro)
   *[not_collected] Taxe
}
tax-at-rate = { $name } { $rate } sur { $taxable } : { $amount }
tax-rate-on = { $name } sur { $taxable }
tax-rate-name = { $treatment ->
    [taxed] { $name }{ $has_rate ->
        [yes] {" "}{ $rate }
       *[no] {""}
    }
    [customer_exempt] Exonéré
    [not_calculated] Non calculée
    [product_exempt] Exonéré
    [reverse_charge] Autoliquidation
    [zero_rated] { $name } 0 %
   *[not_collected] Sans taxe
}
tax-note = { $treatment ->
    [customer_exempt] Sans taxe : le compte est exonéré.
    [not_calculated] La taxe n’a pas été calculée, car l’adresse du compte chez le prestataire de paiement est incomplète. Les Services des comptes Corporate peuvent vous aider.
    [product_exempt] Sans taxe : les produits sont exonérés.
    [reverse_charge] Autoliquidation : aucune taxe n’est facturée, vous la déclarez vous-même.
    [zero_rated] Taux zéro : la taxe est de 0 %.
   *[not_collected] Aucune taxe n’est facturée.
}
tax-location = La taxe dépend de l’adresse de livraison que le prestataire de paiement a pour le compte, et non de l’adresse de facturation : { $address }
quote-due-now = Débité maintenant
quote-invoiced = À facturer
quote-recurring = *À partir du prochain renouvellement*
quote-recurring-line = { price-per-period } : { $net } + { $tax } de taxe
quote-recurring-scope = Pour tous les postes, actuels et nouveaux, des abonnements de ce devis. La date de renouvellement ne change pas.
quote-recurring-partial = Pour tous les postes, actuels et nouveaux, des abonnements de ce devis qui seront renouvelés. Leur date de renouvellement ne change pas.
quote-recurring-short = Un abonnement de ce devis prend fin au milieu de sa prochaine période. Seule la partie qui précède est facturée.
quote-recurring-unknown = Certains renouvellements des abonnements de ce devis comptent tant d’éléments que nous ne pouvons pas déterminer leur coût. Les Services des comptes Corporate peuvent vous renseigner.
quote-not-renewing = Aucun abonnement de ce devis ne sera renouvelé : rien ne sera facturé par la suite.
quote-reject-title = Rejeter le devis
quote-reject-intro = Un devis rejeté ne peut pas être rétabli. Les autres contacts de facturation du compte peuvent lire votre motif.
quote-reject-reason = Motif
quote-reject-hint = { $most } caractères au maximum.
quote-sent-success = Le devis { $number } arrive.
quote-sent = Vous recevrez dans un instant un message direct avec le PDF.{ $has_mail ->
    [yes] {" "}Si Slack n’accepte pas le fichier, vous le recevrez par e-mail à { $email }.
   *[no] {""}
} Transmettez-le à la personne qui paie.
quote-file-buyer = Établi pour
quote-file-number = Numéro du devis
quote-file-until = Valable jusqu’au (inclus)
quote-file-status = { $status ->
    [pending] Offre
    [accepted] Accepté
    [rejected] Rejeté
   *[expired] Expiré
}
quote-file-seats = Total de postes : { $before } → { $after }
quote-file-due = Débité à la commande
quote-file-invoiced = Facturé à la commande
quote-file-renewal = À partir du prochain renouvellement
quote-file-accept = Comment accepter ce devis
quote-file-steps = Dans Slack, un contact de facturation du compte { $account } tape /quotes { $number }, approuve le devis et passe la commande de Service. Rien n’est facturé avant.
quote-file-terms = Ces prix s’appliquent { validity }. Les Services des comptes Corporate peuvent vous aider : { $url }
extension-title = Validité du devis
extension-request-intro = Les Services des comptes Corporate décideront. Les prix du devis restent les mêmes, et ses rappels suivent la nouvelle date.
extension-request-submit = Envoyer
extension-until-hint = Au plus tard le { $until } : les prix couvrent des périodes de facturation, et la première se termine alors.
extension-request = Le { $at }, { $by } a demandé que le devis reste valable jusqu’au { $until } inclus.{ $has_reason ->
    [yes] {" "}Motif : { $reason }
   *[no] {""}
}
extension-latest = Il peut être prolongé jusqu’au { $until } inclus au plus tard.
extension-lapsed = Il n’y a plus rien à décider : le devis n’est plus en attente.
extension-ended = Le { $at }, { $by } avait demandé un délai. Cette demande a pris fin avec le devis.
extension-undelivered = { $withdrawn ->
    [yes] Elle n’a pas pu être publiée dans leur canal et a donc été retirée. Contactez-les au sujet de ce devis, ou refaites la demande plus tard.
   *[no] Elle ne peut pas être publiée dans leur canal. Nous réessayons pendant un jour ; en cas d’urgence, contactez-les.
}
extension-decision = { $status ->
    [approved] Prolongé par { $by } le { $at } : le devis est valable jusqu’au { $until } inclus.
   *[declined] Refusé par { $by } le { $at }.
}{ $has_reason ->
    [yes] {" "}Motif : { $reason }
   *[no] {""}
}
extension-decision-intro = Le devis *{ $number }* du compte *{ $account }* est valable { validity }.
extension-prices-stay = Ses prix restent les mêmes si vous le prolongez.
extension-decline-reason = Motif du refus
extension-approve-title = Prolonger le devis
extension-approve-submit = Prolonger
extension-decline-title = Refuser la prolongation
extension-decided = { $status ->
    [approved] Le devis *{ $number }* du compte *{ $account }* est désormais valable jusqu’au { $until } inclus. Ses contacts de facturation en sont avertis.
   *[declined] Vous avez refusé la prolongation du devis *{ $number }* du compte *{ $account }*. Sa validité ne change pas, et ses contacts de facturation en sont avertis.
}

## Paiement
checkout-title = Paiement
checkout-submit = Enregistrer et continuer
checkout-intro =
    {"*"}Devis { $number } pour { $account }*
    { $payment ->
        [invoice] Total :
       *[other] Total dû maintenant :
    } *{ $total }*. Vérifiez les informations ci-dessous. Vous pourrez tout relire avant de passer la commande de Service.
checkout-administrator = Contact administrateur
checkout-administrator-hint = Un administrateur de GoTo Admin Centre (classique) ou un nouvel administrateur. Nous lui attribuerons un des nouveaux postes de chaque produit, sauf s’il en a déjà un.
checkout-admin-new = Nouvel administrateur
checkout-admin-name = Nom du nouvel administrateur
checkout-admin-email = E-mail du nouvel administrateur
checkout-payment-method = Mode de paiement à débiter
checkout-method-hint = Pour cette commande uniquement. Pour en ajouter un ou changer celui par défaut, utilisez « Gérer les modes de paiement ».
checkout-methods-usual = Le mode de paiement habituel de chaque abonnement
checkout-methods-differ =
    {"*"}Vos abonnements sont payés par des modes de paiement différents.*
    { $methods }
checkout-invoice = *Payé sur facture :* { $products }. Vous recevrez { $count ->
    [one] une facture
   *[other] { $count } factures
}, { invoice-term }. Aucun mode de paiement n’est utilisé.
invoice-term = { $has_days ->
    [yes] { $differ ->
        [yes] la première{" "}
       *[no] {""}
    }{ $days ->
        [0] à payer dès réception
        [one] à payer sous un jour
       *[other] à payer sous { $days } jours
    }
   *[no] à payer à la date indiquée
}
checkout-line1 = Adresse
checkout-line2 = Complément d’adresse
checkout-postal-code = { $kind ->
    [eircode] Eircode
    [pin] Code PIN
    [zip] Code ZIP
   *[postal] Code postal
}
checkout-po-number = Numéro de bon de commande
checkout-po-number-hint = Le numéro que votre entreprise donne à cette commande. { $payment ->
    [invoice] Il figure sur la facture et la confirmation de commande.
    [both] Il figure sur le reçu et la facture.
   *[charge] Il figure sur le reçu.
}
checkout-city = { $kind ->
    [district] District
    [post_town] Ville postale
    [suburb] Localité
   *[city] Ville
}
checkout-state = { $kind ->
    [area] Région
    [county] Comté
    [department] Département
    [district] District
    [do_si] Do ou Si
    [emirate] Émirat
    [island] Île
    [oblast] Oblast
    [parish] Paroisse
    [prefecture] Préfecture
    [state] État
   *[province] Province
}
checkout-country = Pays

## Mode de paiement
payment-method-type = { $type ->
    [acss_debit] Prélèvement préautorisé canadien
    [au_becs_debit] Prélèvement BECS
    [bacs_debit] Prélèvement Bacs
    [cashapp] Cash App Pay
    [customer_balance] Virement bancaire
    [ideal] iDEAL
    [invoice] Facture
    [kr_card] Carte coréenne
    [not_shown] un mode de paiement que le prestataire n’indique pas
    [nz_bank_account] Prélèvement BECS néo-zélandais
    [other] Un autre mode de paiement
    [paid_elsewhere] Payé en dehors du prestataire de paiement
    [payto] PayTo
    [paypal] PayPal
    [sepa_debit] Prélèvement SEPA
    [twint] TWINT
    [upi] UPI
    [us_bank_account] Prélèvement ACH
    [wechat_pay] WeChat Pay
   *[named] { $name }
}
payment-method-name = { $name }{ $has_bank ->
    [yes] , { $bank }
   *[no] {""}
}{ $has_last4 ->
    [yes] {" "}•••• { $last4 }
   *[no] {""}
}{ $has_email ->
    [yes] {" "}({ $email })
   *[no] {""}
}{ $has_wallet ->
    [yes] {" "}({ $wallet })
   *[no] {""}
}
payment-method-card = la carte { $brand }
payment-method-charged = { $name }{ $has_bank ->
    [yes] , { $bank }
   *[no] {""}
}{ $has_last4 ->
    [yes] {" "}se terminant par { $last4 }
   *[no] {""}
}{ $has_email ->
    [yes] {" "}({ $email })
   *[no] {""}
}{ $has_wallet ->
    [yes] {" "}({ $wallet })
   *[no] {""}
}
payment-method-of-product = { $product } : { $method }
payment-method = { $method }{ $state ->
    [expired] , expirée depuis { $expiry }
    [manual] , expire fin { $expiry }, non automatique
    [unsupported] , ne peut pas servir à commander des postes ici
    [undated] {""}
   *[usable] , expire fin { $expiry }
}{ $default ->
    [yes] , par défaut
    [own] , pour { $products }
    [both] , par défaut et pour { $products }
   *[no] {""}
}
payment-method-declined = { $method }, paiement refusé
payment-method-none = Vous n’avez aucun mode de paiement automatique valide. Utilisez « Gérer les modes de paiement » pour en ajouter un.

## Passer une commande de Service
placement-submit = Passer la commande
placement-intro =
    {"*"}Commande de Service pour { $account }*, à partir du devis { $number }
    { $payment ->
        [invoice] Vérifiez les informations ci-dessous. Rien n’est commandé tant que vous n’avez pas passé la commande de Service.
       *[other] Vérifiez les informations ci-dessous. Rien n’est débité tant que vous n’avez pas passé la commande de Service.
    }
placement-replaced = Votre adresse de facturation modifie la taxe : le devis { $number } a remplacé { $replaced }. Le nouveau total est de { $total }.
placement-part = { $part ->
    [seats] les postes ou leur prix
    [administrator] le contact administrateur
    [method] le mode de paiement
    [po_number] le numéro de bon de commande
   *[address] l’adresse de facturation
}
placement-admin =
    {"*"}Contact administrateur*
    { $name }, { $email }
    { $takes ->
        [yes] Reçoit un des nouveaux postes de { $products }.
       *[no] A déjà un poste de chaque produit et n’utilisera donc aucun des nouveaux postes.
    }
    { $free ->
        [0] Aucun nouveau poste à attribuer à d’autres personnes.
        [one] { $free } nouveau poste à attribuer à d’autres personnes.
       *[other] { $free } nouveaux postes à attribuer à d’autres personnes.
    }
placement-method =
    {"*"}Mode de paiement*
    { $method }
placement-po-number =
    {"*"}Numéro de bon de commande*
    { $has_number ->
        [yes] { $number }
       *[no] Aucun
    }
placement-address = *{ billing-address }*
placement-address-overwritten = Le prestataire de paiement a une autre adresse : { $address }. Passer la commande la remplace par celle qui figure ci-dessus.
email-or-message = { $has_mail ->
    [yes] e-mail
   *[no] message direct
}
placement-consequence = En passant cette commande de Service, vous acceptez le devis { $number } et { $payment ->
    [invoice] recevrez { invoices-for-amount }, { invoice-term }
    [both] autorisez le débit de { $total } et recevrez { invoices-for-amount }, { invoice-term }
   *[charge] autorisez le débit de { $total }
}. Le traitement peut prendre jusqu’à 24 heures. { $payment ->
    [charge] Nous vous enverrons par { email-or-message } une confirmation avec le reçu.
   *[other] Nous vous enverrons par { email-or-message } une confirmation avec { the-invoices }.
}
invoices-for-amount = { $count ->
    [one] une facture de { $invoiced }
   *[other] { $count } factures, de { $invoiced } au total
}
the-invoices = { $count ->
    [one] la facture
   *[other] les factures
}
placed-title = Commande passée
placed-success = La commande de Service { $number } est passée.
placed-next = { $overdue ->
    [yes] {""}
   *[no] { order-promise }{" "}
}Vous pouvez fermer cette fenêtre : { $has_channel ->
    [yes] son avancement est publié dans le canal de votre compte.
   *[no] nous vous tiendrons au courant par message direct.
} Une fois la commande terminée, nous enverrons { $payment ->
    [invoice] { the-invoices }
    [both] le reçu et { the-invoices }
   *[charge] le reçu
} par { email-or-message } à { $name }{ $has_mail ->
    [yes] , { $email }
   *[no] {""}
}.

## Commande de Service
order-status = { $status ->
    [placed] Passée
    [processing] En cours de traitement
    [action_needed] Action requise
    [completed] Terminée
   *[failed] Échouée
}
order-promise = Le traitement peut prendre jusqu’à 24 heures, au plus tard le { $by }.
service-order-placed = *Passée.*{ $overdue ->
    [yes] {" "}{ order-was-due }
   *[no] {" "}{ order-promise }
}
service-order-processing = *En cours de traitement.*{ $overdue ->
    [yes] {" "}{ order-was-due }
   *[no] {" "}{ order-promise }
}
order-was-due = L’échéance était le { $by }.
service-order-completed = *Terminée* le { $at }.{ $some_declined ->
    [yes] {" "}Refusé et non facturé : { $products }. Les Services des comptes Corporate peuvent vous aider.
   *[no] {""}
}
service-order-failed = *Échouée* le { $at }. { order-nothing-billed }
order-nothing-billed = Rien n’a été facturé et aucun poste n’a été ajouté. Les Services des comptes Corporate peuvent vous aider.
service-order-overdue = Le traitement dépasse les 24 heures promises. Inutile de commander à nouveau. Les Services des comptes Corporate peuvent vous aider.
service-order-decision = *Votre décision est attendue.* Réessayez les postes refusés au même prix{ $differ ->
    [yes] , les premiers avant le { $until }
   *[no] {" "}avant le { $until }
}, ou annulez-les{ $has_others ->
    [yes] {" "}pour terminer le reste de la commande
   *[no] {""}
}.
service-order-confirmation = *Votre confirmation est attendue.* { $count ->
    [one] Votre banque vous demande de confirmer le paiement avant le { $until }. Passé ce délai, il sera refusé.
   *[other] { $differ ->
        [yes] Votre banque vous demande de confirmer les paiements, le premier avant le { $until }. Passé son délai, chacun sera refusé.
       *[no] Votre banque vous demande de confirmer les paiements avant le { $until }. Passé ce délai, ils seront refusés.
    }
}
service-order-details =
    {"*"}Compte :* { $account }
    {"*"}Devis :* { $quote }
    {"*"}Passée :* le { $at }, par { $by }
    {"*"}Contact administrateur :* { $admin }
    {"*"}Mode de paiement :* { $method }
service-order-po-number = *Bon de commande :* { $number }
service-order-summary =
    {"*"}{ $number }* · { $needs ->
        [yes] *{ $status }*
       *[no] { $status }
    }
    { $seats }
    Passée le { $at }
service-order-list = Commandes de Service du compte *{ $account }*, de la plus récente à la plus ancienne.
service-order-list-po-number = Commandes de Service avec le numéro de bon de commande *{ $number }*, de la plus récente à la plus ancienne.
service-order-list-empty = *{ $account }* n’a pas encore de commande de Service. Pour commander des postes, tapez `/add-seats`.
line-seats = *{ $product }* · { new-seat-count }
order-line =
    { line-seats }
    { $explanation }
order-line-waiting = En attente de traitement.
order-line-queued = En attente de la commande de Service { $order }, en cours de traitement pour le même abonnement. Nous poursuivrons automatiquement.
order-line-charging = Débit en cours.
order-line-settled = Débit effectué et postes ajoutés le { $at }.
amount-differs = { $charged } ont été facturés au lieu des { $promised } promis, car l’abonnement ou le compte a été modifié au même moment. Les Services des comptes Corporate peuvent expliquer la différence.
amount-differs-for-product = { $product } : { $difference }
order-line-invoicing = Les postes sont en cours d’ajout et la facture est en préparation.
order-line-added = Postes ajoutés le { $at }.
invoice-status = { $status ->
    [paid] La facture { $number } de { $amount } est payée.
    [void] La facture { $number } de { $amount } a été annulée : il n’y a rien à payer.
    [uncollectible] La facture { $number } de { $amount } a été passée en perte par le vendeur.
    [overdue] La facture { $number } de { $amount } est en retard{ $has_date ->
        [yes]  : elle était à payer au plus tard le { $on }
       *[no] {""}
    }.
   *[due] La facture { $number } de { $amount } est à payer{ $has_date ->
        [yes] {" "}au plus tard le { $on }
       *[no] {""}
    }.
}
order-line-needs-customer = Votre banque vous demande de confirmer le paiement avant le { $until }. Passé ce délai, il sera refusé.
order-line-unconfirmed = En attente de la confirmation du paiement.
order-line-unknown = Le prestataire de paiement n’a pas encore répondu. Nous continuons de l’interroger. Vous ne serez pas facturé deux fois : ne commandez pas à nouveau.
order-line-declined = Postes non ajoutés ({ $reason }). Rien n’a été facturé.
order-line-can-retry = Vous pouvez réessayer jusqu’au { $until }.
order-line-cancelled = Les postes ont été annulés.
order-line-no-retry = Il n’est plus possible de réessayer.
line-status = { $status ->
    [waiting] en attente
    [charging] débit en cours
    [settled] débit effectué, postes ajoutés
    [declined] refus
    [needs_customer] en attente de la confirmation du paiement
   *[unknown] en attente de la réponse du prestataire de paiement
}
line-invoicing = { $status ->
    [charging] facture en préparation
   *[settled] postes ajoutés, sur facture
}
line-invoiced = postes ajoutés, facture { $number } { $status ->
    [paid] payée
    [void] annulée
    [uncollectible] passée en perte
    [overdue] en retard
   *[due] à payer{ $has_date ->
        [yes] {" "}au plus tard le { $on }
       *[no] {""}
    }
}
line-queued = en attente de la commande de Service { $number }
line-declined = postes non ajoutés ({ $reason })
decline-card-declined = la carte a été refusée
decline-customer-timeout = le paiement n’a pas été confirmé à temps
decline-never-received = le paiement n’est pas parvenu au prestataire
decline-product-changed = l’abonnement porte désormais sur un autre produit
decline-period-ended = la période de l’abonnement s’est terminée avant le traitement de la commande
decline-subscription-gone = l’abonnement n’existe plus
decline-subscription-not-active = l’abonnement n’est pas actif chez le prestataire de paiement
decline-authentication-failed = la banque n’a pas accepté la confirmation du paiement
decline-price-changed = le prix a changé
decline-price-changed-to = le prix est passé de { $promised } à { $offered }, taxes comprises
decline-priced-by-usage = l’abonnement est désormais facturé à l’usage et n’a pas de postes à commander
decline-billed-with-usage = l’abonnement est désormais facturé avec une consommation à l’usage, qui serait facturée trop tôt ou perdue
decline-balance-due = un solde antérieur du compte serait facturé en plus
decline-balance-due-to = avec un solde antérieur du compte, { $offered } seraient facturés au lieu de { $promised }
decline-unrelated-charges = d’autres éléments en attente de l’abonnement seraient facturés en plus
decline-unrelated-charges-to = avec d’autres éléments en attente de l’abonnement, { $offered } seraient facturés au lieu de { $promised }
decline-tiers-preview-incomplete = le prix compte tant de tranches que le prestataire de paiement n’en indique pas la totalité
decline-preview-incomplete = tant d’autres éléments de l’abonnement sont en attente de facturation que son prix ne peut pas être vérifié
decline-price-archived = les postes ne sont plus vendus à ce prix
decline-paid-by-invoice = l’abonnement est désormais payé sur facture et aucun mode de paiement ne peut être débité
decline-not-paid-by-invoice = l’abonnement n’est plus payé sur facture
decline-invoice-not-allowed = le compte ne peut plus commander sur facture
decline-subscription-in-trial = l’abonnement est à l’essai et rien ne peut être facturé
decline-subscription-past-due = l’abonnement a une facture impayée
decline-subscription-paused = l’abonnement est suspendu
decline-collection-paused = les paiements de l’abonnement sont suspendus
decline-sold-by-provider = l’abonnement est vendu par le prestataire de paiement
decline-subscription-just-started = la première période de l’abonnement dure moins d’un jour
decline-billed-ahead = l’abonnement a été facturé d’avance
decline-currency-converted = le prestataire de paiement facturerait dans une autre devise, à son propre taux de change
decline-change-scheduled = un changement programmé de l’abonnement annulerait la commande
decline-other-currency = l’abonnement est facturé dans une autre devise que celle du compte
decline-tax-location-invalid = la taxe ne peut pas être calculée pour l’adresse du compte
decline-customer-gone = le compte n’existe plus chez le prestataire de paiement
decline-method-gone = le mode de paiement n’est plus enregistré chez le prestataire de paiement
decline-method-not-accepted = l’abonnement n’accepte pas ce type de mode de paiement
decline-provider-error = le prestataire de paiement a rencontré un problème et n’a rien facturé
decline-provider-refused = le prestataire de paiement a refusé la commande
decline-unknown = aucun motif n’a été indiqué
decline-seats-changed = le nombre de postes a changé entre-temps
decline-with-code = le prestataire de paiement a refusé la commande ({ $reason })
receipt-issued = *{ document-name }*, { $day }
provider-receipt = { $kind ->
    [invoice] Facture { $number }
   *[receipt] Reçu { $number } du prestataire de paiement
} : <{ $page }|afficher> ou <{ $pdf }|télécharger le PDF>
retry-intro = Ces postes de la commande de Service { $number } ont été refusés. Réessayez au même prix, avec le mode de paiement de votre choix :
retry-intro-invoice = Ces postes de la commande de Service { $number } ont été refusés. Réessayez au même prix, sur facture :
cancel-seats-ask = Annuler les postes refusés ?
cancel-seats-consequence = Les postes refusés de la commande de Service { $number } ne seront pas facturés et vous ne pourrez plus les réessayer. Les postes déjà ajoutés sont conservés.
cancel-seats-yes = Annuler les postes

## Historique
history-title = *Historique*
history-older = { $count ->
    [one] { $count } étape antérieure
   *[other] { $count } étapes antérieures
}
history-whole = Voir tout l’historique
history-page-previous = Étapes précédentes
history-page-next = Étapes suivantes
history-day = *{ $day }* ({ $zone })
history-entry = { $at } · { $what } · { $who }{ $has_reason ->
    [yes] {" "}({ $reason })
   *[no] {""}
}
history-by-scheduler = Seatbot
history-by-provider = Prestataire de paiement
history-other = { $number } modifié
history-quote-made = Devis { $number } établi
history-quote-replaced = Devis { $number } remplacé
history-quote-accepted = Devis { $number } accepté
history-quote-rejected = Devis { $number } rejeté
history-quote-expired = Devis { $number } expiré
history-quote-extension-requested = Prolongation du devis { $number } demandée
history-quote-extended = Validité du devis { $number } prolongée
history-quote-extension-moved = Demande de prolongation transférée au devis { $number }
history-quote-extension-declined = Prolongation du devis { $number } refusée
history-service-order-placed = Commande passée
history-service-order-processing = Traitement commencé
history-service-order-completed = Commande terminée
history-service-order-failed = Commande échouée
history-service-order-retried = Nouvel essai pour { $product }
history-service-order-given-up = Postes refusés annulés
history-service-order-overdue = Commande en retard
history-service-order-seat-assigned = Poste attribué au contact administrateur
history-line = { $product } : { line-status }{ $has_method ->
    [yes] {" "}({ $method })
   *[no] {""}
}
history-line-on-invoice = { $product } : { $status ->
    [settled] postes ajoutés, facture { $number }
    [charging] facture en préparation
   *[other] { line-status }
}
history-invoice = Facture { $number } { $status ->
    [paid] payée
    [void] annulée
    [uncollectible] passée en perte
    [overdue] en retard
   *[due] à payer
}
history-reason-address-changes-tax = l’adresse de facturation modifie la taxe

## Compte
account-title = Facturation
account-header = { $account }
account-subscriptions = { $count ->
    [0] *Abonnements :* aucun pour le moment
    [one] *Abonnement*
   *[other] *{ $count } abonnements*
}
account-subscription =
    {"*"}{ $product }*{ $has_seats ->
    [yes] {" "}· { seat-count }
   *[no] {""}
    } · { $price }{ $has_blocks ->
    [yes] {" "}(dont { $blocks })
   *[no] {""}
    }
    { $renewal ->
    [total] Renouvellement le { $renews } à { $total } hors taxe
    [date] Renouvellement le { $renews }
   *[none] Période en cours jusqu’au { $last_day } inclus
    }{ $orderable ->
    [yes] {""}
    [unlisted] {" "}· pas configuré pour être commandé ici
   *[no] {" "}· pour ajouter des postes, contactez les Services des comptes Corporate
    }
account-renewals = Total des prochains renouvellements : { $totals }, hors taxe.
upcoming-trial = À l’essai{ $has_until ->
    [yes] {" "}jusqu’au { $until }
   *[no] {""}
}
upcoming-standing = { $standing ->
    [past_due] Une facture est impayée
   *[paused] Suspendu
}
upcoming-ends = Prend fin le { $on } et ne se renouvelle plus ensuite
upcoming-collection-paused = Paiements suspendus{ $has_until ->
    [yes] {" "}jusqu’au { $until }
   *[no] {""}
}
upcoming-billed-ahead = Déjà facturé jusqu’au { $last } inclus
upcoming-currency-converted = Facturé en { $currency }, converti par le prestataire de paiement
upcoming-change-scheduled = { $change ->
    [price] Un changement programmé le { $on } fixe un autre prix pour { seat-count }
    [removed] Un changement programmé le { $on } retire le produit de l’abonnement
    [unknown] Un changement de l’abonnement est programmé le { $on }
   *[seats] Un changement programmé le { $on } fixe l’abonnement à { seat-count }
}
upcoming-sold-by-provider = Vendu par le prestataire de paiement
upcoming-orderable-from = Des postes peuvent être commandés à partir du { $at }
upcoming-update-pending = Une autre modification est en attente de paiement jusqu’au { $until }
upcoming-paid-by-invoice = Payé sur facture, { invoice-term }
upcoming-discount = Remise{ $has_name ->
    [yes] {" "}« { $name } »
   *[no] {""}
}{ $known ->
    [percent] {" :"} { $percent }
    [amount] {" :"} { $amount }
   *[none] {""}
}{ $has_until ->
    [yes] {" "}jusqu’au { $until }
   *[no] {""}
}
account-block = { $seats } à { $price }
account-portal = { $portal ->
    [admin] *Portail de facturation par défaut : GoTo Admin.* Consultez vos factures, acceptez des devis, gérez vos abonnements, consultez et mettez à jour vos informations de facturation.
   *[corporate] *Portail de facturation par défaut : portail de facturation Corporate.* Consultez vos abonnements, devis, commandes de Service et reçus. L’ouvrir ne change rien.
}
account-open-portal = { $portal ->
    [admin] Ouvrir GoTo Admin
   *[corporate] Ouvrir le portail de facturation
}
account-methods = *Modes de paiement.* Pour en ajouter ou en modifier un, ou changer celui par défaut, utilisez « Gérer les modes de paiement ». Ce bouton mène à GoTo Admin ; nous vous indiquerons d’abord ce que cela change.
account-methods-none = *Modes de paiement :* aucun pour le moment. { $some_invoiced ->
    [yes] Pour commander des postes qui ne sont pas payés sur facture,
   *[no] Pour commander des postes,
} il vous faut une carte de crédit ou de débit comme mode de paiement automatique par défaut. Pour en ajouter une, utilisez « Gérer les modes de paiement ». Ce bouton mène à GoTo Admin ; nous vous indiquerons d’abord ce que cela change.
account-invoices = *Factures à payer*
account-receipts = *Derniers reçus*
account-receipts-none = *Reçus :* aucun pour le moment. Vous en recevrez un à la fin de chaque commande de Service.
account-receipt = { $number } · { $day } · { $total } · commande de Service { $order }
account-contacts = *Contacts de facturation*
account-contact = • { $name }, { $email }
account-services = Une opération impossible ici ? Les *Services des comptes Corporate* peuvent vous aider.

## Contacts de facturation
contacts-title = Contacts de facturation
contacts-intro = Les contacts de facturation du compte *{ $account }* peuvent commander des postes, gérer les modes de paiement et consulter les devis, commandes de Service et reçus. Tous sont prévenus de chaque arrivée et de chaque retrait.
contacts-row = *{ $name }*, { $email }{ $own ->
    [yes] {" "}(vous)
   *[no] {""}
}
contacts-withdraw-ask = { $own ->
    [yes] Ne plus être contact de facturation ?
   *[no] Retirer { $name } ?
}
contacts-withdraw-consequence = { $own ->
    [yes] Vous ne pourrez plus commander de postes pour ce compte ni consulter ses devis, commandes de Service et reçus. Les autres contacts de facturation seront prévenus.
   *[no] Cette personne ne pourra plus commander de postes pour ce compte ni consulter ses devis, commandes de Service et reçus. Elle et les autres contacts de facturation seront prévenus.
}
contacts-invitations = *Invitations*
contacts-invitation = *{ $name }*, { $email } · invitation de { $by }, le { $on } · expire le { $until }
contacts-invite-intro = Votre collègue reçoit un message direct et devient contact de facturation du compte *{ $account }* en l’acceptant. L’invitation expire au bout de { $days } jours. Les contacts de facturation peuvent commander des postes aux frais du compte et inviter d’autres personnes. Les autres contacts de facturation du compte sont prévenus.
contacts-invite-colleague = Collègue
contacts-invite-hint = Un membre à part entière de votre espace de travail, avec une adresse e-mail dans Slack. Les invités et les applications ne peuvent pas être contacts de facturation.
contacts-invite-submit = Envoyer l’invitation
contacts-result = { $result ->
    [accepted] Vous êtes maintenant contact de facturation du compte *{ $account }*. Pour commander des postes, tapez /add-seats. Pour consulter le compte, tapez /billing.
    [declined] Vous avez refusé l’invitation. Vous n’êtes pas contact de facturation du compte *{ $account }*.
   *[left] Vous n’êtes plus contact de facturation du compte *{ $account }*.
}

## Portail
portal-title = Modes de paiement
portal-warning-alert = Les modes de paiement se gèrent dans GoTo Admin. Lisez ce qui change avant de vous y rendre.
portal-warning =
    Pour *{ $account }*, définitivement :
    • GoTo Admin devient votre portail de facturation par défaut.
    • Le portail de facturation Corporate ne vous est plus accessible.
    • Vos informations de facturation et vos autorisations restent les mêmes.
    • Nous en informerons les autres contacts de facturation du compte. Vous pourrez toujours ajouter des postes ici, dans Slack.
portal-offers =
    {"*"}Ce que vous pouvez faire dans GoTo Admin*
    • consulter vos factures
    • accepter des devis
    • gérer vos abonnements
    • consulter et mettre à jour vos informations de facturation
portal-switch = Passer à GoTo Admin
portal-switch-ask = Passer à GoTo Admin ?
portal-switch-consequence = GoTo Admin devient votre portail de facturation par défaut et le portail de facturation Corporate ne vous est plus accessible. C’est définitif.
portal-switch-yes = Passer à GoTo Admin
portal-already = GoTo Admin est déjà le portail de facturation par défaut du compte *{ $account }*. Le lien vers les modes de paiement vous est réservé : ne le partagez pas.
portal-show-link = Afficher le lien
portal-link = GoTo Admin est désormais le portail de facturation par défaut du compte *{ $account }*. Le lien vers les modes de paiement vous est réservé : ne le partagez pas. Quand vous aurez terminé, revenez ici pour continuer.

## Accueil
home-commands = `/add-seats` pour commander des postes, `/quotes` pour voir les devis en attente, `/service-orders` pour suivre les commandes de Service, `/billing` pour tout ce qui concerne votre compte.
home-attention = À traiter
home-payment-method-none = { $some_invoiced ->
    [yes] Pour commander des postes qui ne sont pas payés sur facture, il vous faut un mode de paiement automatique valide. Utilisez « Gérer les modes de paiement » pour en ajouter un.
   *[no] { payment-method-none }
}
home-no-attention = Vous n’avez rien à traiter.
home-orders = { $count ->
    [one] *Commande de Service en cours*
   *[other] *{ $count } commandes de Service en cours*
}
home-order-line = • { $product } : { $explanation }
home-payment = *Mode de paiement :* { $method }
home-payment-expires-soon = *Expire bientôt.* Ajoutez dès maintenant une autre carte ou mettez à jour sa date d’expiration : une fois la carte expirée, vous ne pourrez plus commander de postes.
home-help = Une opération impossible ici ? Les Services des comptes Corporate peuvent vous aider.
home-unlinked =
    {"*"}Bienvenue !* Avec Seatbot, les contacts de facturation commandent des postes pour les abonnements de leur entreprise et suivent leurs commandes de Service.
    Vous ne faites pas partie des contacts de facturation enregistrés dans cet espace de travail. Si vous devez l’être, demandez à un contact de facturation de votre entreprise, ou aux Services des comptes Corporate, de vous enregistrer avec l’adresse e-mail que vous utilisez dans Slack. Tapez ensuite `/add-seats`.
home-features =
    {"*"}Ce que les contacts de facturation peuvent faire*
    • commander des postes supplémentaires, en voyant le prix et le nouveau total de renouvellement avant d’acheter
    • consulter les devis en attente, les approuver ou les rejeter
    • suivre les commandes de Service et en recevoir les reçus
    Pour en savoir plus, tapez `/add-seats help`.
home-contacts = Contacts de facturation de cet espace de travail : { $contacts }.

## Préférences de notification
notifications-title = Notifications
notifications-submit = Enregistrer
notifications-intro = Choisissez ce que nous vous envoyons par message direct, pour tous vos comptes.
notifications-wanted = M’envoyer
notifications-orders = Mes commandes de Service
notifications-orders-hint = Quand une commande est passée ou en attend une autre
notifications-receipts = Les reçus au format PDF
notifications-receipts-hint = Vous les recevez toujours aussi par e-mail
notifications-decisions = Les décisions sur les devis
notifications-decisions-hint = Approuvés ou rejetés par d’autres, remplacés ou expirés
notifications-reminders = Les premiers rappels de devis
notifications-reminders-hint = 7 jours et 48 heures avant l’expiration d’un devis
notifications-delivery = Quand
notifications-at-once = Immédiatement
notifications-daily = Tous les jours à 9 h (mon fuseau horaire)
notifications-always =
    {"*"}Nous envoyons toujours immédiatement :* les devis qui attendent votre décision et leur dernier rappel (4 heures avant l’expiration), les paiements refusés ou à confirmer, les commandes échouées ou en retard, les factures en retard, un changement de portail par défaut et un canal où nous ne pouvons pas publier.
    Les reçus arrivent toujours par e-mail. Ces réglages ne concernent pas le canal de votre compte.
notifications-saved = Enregistré. Vous recevrez ces notifications immédiatement.
notifications-saved-daily = Enregistré. Vous recevrez ces notifications tous les jours à 9 h.

## Historique des postes
next-renewals = *Prochains renouvellements, hors taxe*
next-renewal = { $day } : { $total } ({ $products })
spending = *Commandé ici ces { $count } derniers mois, taxes comprises : { $total }*
spending-title = Commandé ici, taxes comprises
spending-month = { $month } : { $total }{ $count ->
    [0] {""}
   *[other] {" "}({ $products })
}
spending-others = Autres produits
spending-other-currencies = Commandé dans d’autres devises, taxes comprises : { $totals }
spending-incomplete = Il y a plus de reçus que nous n’en comptons ici : les plus anciens ne sont pas compris.
seat-history = *{ seat-history-title }*
seat-history-title = Évolution de vos postes
seat-history-seats = Postes
seat-history-first = avant
seat-history-line = { $product } : { $steps }
seat-history-before = { seat-count } avant
seat-history-since = { seat-count } depuis le { $day }

## Aide
help-add-seats =
    {"*"}`/add-seats`* commande des postes supplémentaires : choisissez leur nombre, examinez le devis, complétez les informations qui manquent et passez la commande de Service. Rien n’est facturé avant la dernière étape et vous pouvez revenir en arrière à chaque étape.
    • `/add-seats webinar 5` commence avec 5 nouveaux postes de GoTo Webinar
    • `/add-seats webinar 5 training 2` commence avec plusieurs produits
    • `/add-seats webinar` vous dit d’abord si ce produit ne peut pas être commandé ici
    Votre saisie est conservée : si vous vous arrêtez en chemin, `/add-seats` vous ramène à votre panier.
help-quotes =
    {"*"}`/quotes`* affiche vos devis en attente, pour les examiner, les approuver ou les rejeter. L’approbation mène au paiement. Rien n’est facturé tant que vous n’avez pas passé la commande de Service.
    • `/quotes SQ-1001` ouvre un devis, y compris s’il est déjà traité
help-service-orders =
    {"*"}`/service-orders`* affiche vos commandes de Service et leur état. Le traitement peut prendre jusqu’à 24 heures.
    • `/service-orders SO-1001` ouvre une commande, avec son historique et son reçu
    • `/service-orders PO-4711` trouve des commandes par votre numéro de bon de commande
help-billing =
    {"*"}`/billing`* affiche vos abonnements et postes, votre portail de facturation par défaut, vos modes de paiement, vos reçus et vos contacts de facturation.
    • `/billing reçus` affiche la liste de vos reçus et envoie par e-mail ceux d’une période pour votre comptabilité : les PDF et un tableau
    • `/billing notifications` permet de choisir les notifications que vous recevez, et quand
    • *Ouvrir le portail de facturation* mène à votre portail par défaut et ne change rien
    • *Gérer les modes de paiement* mène à GoTo Admin ; nous vous indiquerons d’abord ce que cela change

## Chargement
loading-title = Un instant
loading-text = Cela prend un peu plus de temps que d’habitude. Le résultat s’affichera ici dans un instant.
not-installed = Seatbot n’est pas installé dans cet espace de travail. Demandez à l’administrateur de votre espace de travail de l’installer.

## Refus
refusal-tax-location-invalid = Nous ne pouvons pas calculer la taxe pour cette adresse de facturation. Vérifiez le pays, l’État et le code postal, puis réessayez. Rien n’a été modifié ni acheté.
refusal-shipping-location-invalid = Nous ne pouvons pas calculer la taxe. Le prestataire de paiement utilise pour cela l’adresse de livraison du compte, qui est incomplète. Demandez aux Services des comptes Corporate de la corriger ou de la supprimer. Rien n’a été modifié ni acheté.
refusal-tax-calculation-failed = Le prestataire de paiement ne peut pas calculer la taxe pour le moment. Votre adresse n’est pas en cause. Rien n’a été modifié ni acheté. Réessayez dans quelques minutes. Si le problème persiste, contactez les Services des comptes Corporate.
refusal-title = Action impossible
refusal = Ce n’est pas possible.
refusal-account-closed = Le compte { $account } est fermé : plus rien ne peut être commandé pour ce compte.{ $has_reason ->
    [yes] {" "}Motif : { $reason }.
   *[no] {""}
} Les Services des comptes Corporate peuvent vous aider.
refusal-account-not-found = Ce compte est introuvable.
refusal-already-billing-contact = { $name } est déjà contact de facturation.
refusal-account-not-self-served = Vous ne pouvez pas commander ici de postes pour le compte { $account }.{ $has_reason ->
    [yes] {" "}Motif : { $reason }.
   *[no] {""}
} { $reason_names_services ->
    [yes] Contactez-les pour commander des postes.
   *[no] Les Services des comptes Corporate peuvent les commander pour vous.
}
refusal-ambiguous-product = { $has_typed ->
    [yes] « { $typed } » correspond à plusieurs produits : { $products }. Indiquez le nombre de postes pour celui que vous voulez.
   *[no] À quel produit correspond « { $number } » ? Indiquez ce nombre en regard du produit.
}
refusal-billing-access-denied = Notre accès au système de facturation ne permet pas cette action. Rien n’a été modifié ni acheté, et réessayer n’y changera rien. { $has_reference ->
    [yes] Veuillez contacter les Services des comptes Corporate en indiquant { $reference }.
   *[no] Veuillez contacter les Services des comptes Corporate.
}
refusal-billing-busy = Le système de facturation traite trop de demandes pour le moment. Rien n’a été modifié ni acheté. Réessayez dans une minute.
refusal-subscription-product-changed = L’un de ces abonnements porte désormais sur un autre produit : ces prix ne s’appliquent plus. Rien n’a été modifié ni acheté. Pour commander des postes du produit actuel, tapez /add-seats.
refusal-billing-period-ended = La période de facturation de l’un de ces abonnements vient de se terminer : ces prix ne s’appliquent plus. Rien n’a été modifié ni acheté. Pour commander des postes dans la nouvelle période, tapez /add-seats.
refusal-billing-request-rejected = Le système de facturation a refusé cette demande. Rien n’a été modifié ni acheté. { $has_reference ->
    [yes] Veuillez contacter les Services des comptes Corporate en indiquant { $reference }.
   *[no] Veuillez contacter les Services des comptes Corporate.
}
refusal-billing-system-failed = Le système de facturation rencontre un problème de son côté. Rien n’a été modifié ni acheté. Réessayez dans quelques minutes.
refusal-billing-unavailable = Le système de facturation ne répond pas pour le moment. Rien n’a été modifié ni acheté. Réessayez dans quelques minutes.
refusal-colleague-not-confirmed = Slack n’a pas confirmé de qui il s’agit : personne n’a été invité. Réessayez dans un instant ou choisissez quelqu’un d’autre.
refusal-contact-already-withdrawn = { $has_by ->
    [yes] { $by } a déjà retiré { $name } le { $at }.
   *[no] { $name } n’est plus contact de facturation.
}
refusal-contact-email-missing = { $name } n’a pas d’adresse e-mail dans Slack, or les contacts de facturation reçoivent leurs reçus par e-mail. Réessayez quand son profil Slack en aura une.
refusal-contact-email-taken = { $name } a la même adresse e-mail dans Slack que { $other }, qui est déjà contact de facturation. Chacun doit avoir sa propre adresse.
refusal-contact-not-eligible = { $name } ne peut pas être contact de facturation : seuls les membres à part entière et actifs de l’espace de travail du compte le peuvent, pas les invités, les applications ni les personnes extérieures.
refusal-contact-not-found = Ce contact de facturation est introuvable.
refusal-checkout-incomplete = Le paiement de ce devis est incomplet, ou certaines informations ne sont plus valides. Vérifiez à nouveau le contact administrateur, le mode de paiement et l’adresse de facturation.
refusal-customer-not-found = Le compte { $account } n’existe pas chez le prestataire de paiement : il n’y a jamais été associé ou y a été supprimé. Rien n’a été modifié ni acheté. Les Services des comptes Corporate peuvent vous aider.
refusal-empty-order = Indiquez le nombre de postes à ajouter pour au moins un abonnement.
refusal-extension-decided = { $status ->
    [approved] Le { $at }, { $by } a déjà prolongé le devis { $number } jusqu’au { $until } inclus. Il n’y a plus rien à décider.
   *[declined] Le { $at }, { $by } a déjà refusé la prolongation du devis { $number }. Il n’y a plus rien à décider.
}
refusal-extension-impossible = Le devis { $number } ne peut pas être valable plus longtemps : ses prix couvrent des périodes de facturation, et la première se termine le { $period_end }. Passez la commande avant cette date, ou établissez un nouveau devis avec /add-seats.
refusal-extension-lapsed = Le devis { $number } n’est plus en attente : il n’y a plus rien à décider. { $outcome ->
    [accepted] Il a été accepté par { $by } le { $at }.
    [accepted-elsewhere] Il a été accepté hors de Slack le { $at }.
    [rejected] Il a été rejeté par { $by } le { $at }.
    [rejected-elsewhere] Il a été rejeté hors de Slack le { $at }.
    [replaced] Le { $at }, { $by } l’a remplacé par le devis { $replaced_by }.
   *[expired] Il a expiré le { $at }.
}
refusal-extension-not-found = Cette demande de délai est introuvable.
refusal-extension-pending = Le { $at }, { $by } a déjà demandé un délai pour le devis { $number }, jusqu’au { $until } inclus. Les Services des comptes Corporate décideront.
refusal-extension-too-long = Le devis ne peut pas être valable aussi longtemps : ses prix couvrent des périodes de facturation, et la première se termine après le { $last }. Choisissez le { $last } ou un jour antérieur.
refusal-extension-too-short = Le devis est déjà valable jusqu’au { $until } inclus. Choisissez un jour ultérieur.
refusal-extension-unavailable = Les devis ne peuvent pas être prolongés ici. Demandez un délai aux Services des comptes Corporate.
refusal-purchase-order-number-required = Votre compte exige un numéro de bon de commande pour chaque commande.
refusal-card-number-typed = Ceci ressemble à un numéro de carte, qui ne doit pas être enregistré. Si c’est votre numéro de bon de commande, faites-le précéder de BC, sans espace.
refusal-field-required = Remplissez ce champ.
refusal-field-too-long = C’est trop long. Le maximum est de { $most } caractères.
refusal-forbidden-transition = Cette action n’est plus possible, car la situation a changé entre-temps. Vérifiez l’état actuel.
refusal-identity-not-fresh = Slack n’a pas confirmé votre identité au cours de la dernière heure : rien n’a été modifié. Réessayez dans un instant.
refusal-invalid-amount = { $amount } n’est pas un montant valide en { $currency }.
refusal-invitation-closed = { $status ->
    [accepted] { $by } a déjà accepté cette invitation le { $at }.
    [declined] { $by } a déjà refusé cette invitation le { $at }.
    [cancelled] { $by } a annulé cette invitation le { $at }. Si elle est toujours utile, demandez-en une nouvelle à un contact de facturation.
   *[lapsed] L’invitation de { $name } a expiré. Demandez-en une nouvelle à un contact de facturation.
}
refusal-invitation-not-found = Cette invitation est introuvable.
refusal-invitation-pending = { $by } a déjà invité { $name } le { $at }. L’invitation peut être acceptée jusqu’au { $until }.
refusal-last-billing-contact = { $name } est le seul contact de facturation du compte { $account } : plus personne ne pourrait l’utiliser. Invitez d’abord un collègue et attendez qu’il ait accepté.
refusal-invalid-input = Vérifiez votre saisie.
refusal-no-automatic-payment-method = Pour commander des postes, le compte doit avoir par défaut un mode de paiement valide qui peut être débité automatiquement, par exemple une carte de crédit ou de débit. Utilisez « Gérer les modes de paiement » pour en ajouter ou en choisir un.
refusal-not-a-billing-contact = Seuls les contacts de facturation d’un compte peuvent ajouter des postes ou consulter ses devis, commandes de Service et reçus. { $has_contacts ->
    [yes] À qui vous adresser : { $contacts }.
   *[no] Pour savoir qui ils sont, adressez-vous aux Services des comptes Corporate.
}
refusal-not-allowed = Vous n’y avez pas accès. Si vous avez besoin de postes ou d’informations de facturation, adressez-vous à un membre à part entière de cet espace de travail.
refusal-not-an-email = { $has_typed ->
    [yes] « { $typed } » n’est pas une adresse e-mail. Saisissez une adresse telle que nom@exemple.com.
   *[no] Saisissez une adresse e-mail, telle que nom@exemple.com.
}
refusal-nothing-to-order = Vous ne pouvez ajouter ici de postes à aucun des abonnements du compte { $account }. Les Services des comptes Corporate peuvent vous aider.
refusal-nothing-to-retry = { $outcome ->
    [retried] { $by } a réessayé les postes refusés de la commande de Service { $number } le { $at }. Pour connaître son état, tapez /service-orders { $number }.
    [given_up] { $by } a annulé les postes refusés de la commande de Service { $number } le { $at }. Ils ne seront pas facturés. Pour commander des postes, tapez /add-seats.
   *[over] Rien dans la commande de Service { $number } ne peut être réessayé ou annulé maintenant : le délai est passé. Les Services des comptes Corporate peuvent vous aider.
}
refusal-order-changed = { $has_parts ->
    [yes] Cette commande a changé depuis l’ouverture de l’écran : { $parts }. Rien n’a été commandé. Vérifiez-la, puis passez-la de nouveau.
   *[no] Cet écran date d’avant une mise à jour de l’application. Rien n’a été commandé. Vérifiez la commande, puis passez-la de nouveau.
}
refusal-order-not-found = { $has_number ->
    [yes] La commande de Service { $number } est introuvable. Pour voir les vôtres, tapez /service-orders.
   *[no] Cette commande de Service est introuvable. Pour voir les vôtres, tapez /service-orders.
}
refusal-currency-mismatch = L’un de ces abonnements est facturé dans une autre devise que celle du compte : nous ne pouvons pas établir de prix pour ses postes. Rien n’a été modifié ni acheté. Les Services des comptes Corporate peuvent commander ces postes pour vous.
refusal-subscription-paid-by-invoice = { refusal-subject } est payé sur facture et votre compte n’est pas configuré pour commander ainsi des postes ici. Rien n’a été modifié ni acheté. Les Services des comptes Corporate peuvent commander ces postes pour vous, ou activer cette option.
refusal-invoice-not-found = Cette facture est introuvable. Pour voir ce qu’il reste à payer, tapez /billing.
refusal-seats-priced-by-usage = { $has_product ->
    [yes] { $product } est facturé
   *[no] L’un de ces abonnements est facturé
} à l’usage : ce que vous utilisez est payé ensuite et il n’y a pas de postes à commander. Les Services des comptes Corporate peuvent vous renseigner.
refusal-seats-billed-with-usage = { $has_product ->
    [yes] { $product } est facturé
   *[no] L’un de ces abonnements est facturé
} avec une consommation à l’usage. Commander des postes ici la ferait facturer trop tôt, ou la ferait perdre si le paiement échoue : rien n’a été modifié ni acheté. Les Services des comptes Corporate peuvent commander ces postes pour vous.
refusal-seats-reduce-price = Avec autant de postes, l’un de ces abonnements coûterait moins qu’aujourd’hui, car un palier moins cher s’applique. Rien n’a été modifié ni acheté. Les Services des comptes Corporate peuvent commander ces postes pour vous.
refusal-payment-method-not-usable = Ce mode de paiement ne peut pas être débité : il a été supprimé, a expiré ou n’est pas configuré pour le paiement automatique. Choisissez-en un autre.
refusal-payment-method-unsupported = Les postes commandés ici ne peuvent pas être payés par le mode de paiement par défaut : { $method }. Vos abonnements continuent d’être payés ainsi. Pour commander des postes ici, définissez une carte de crédit ou de débit par défaut avec « Gérer les modes de paiement », ou adressez-vous aux Services des comptes Corporate.
refusal-payment-method-not-accepted = { $has_product ->
    [yes] { $product }
   *[no] Cet abonnement
} ne peut pas être payé par ce mode de paiement : { $method }. Seuls d’autres types sont acceptés. Pour commander des postes ici, définissez par défaut un mode de paiement accepté avec « Gérer les modes de paiement », ou adressez-vous aux Services des comptes Corporate.
refusal-quoted-price-changed = Le prix a changé depuis le devis { $number } : il promettait { $promised } et la commande coûterait maintenant { $now }, taxes comprises. Rien n’a été commandé et le devis reste en attente. Pour commander au prix actuel, modifiez les nombres de votre panier et enregistrez-le à nouveau, ou adressez-vous aux Services des comptes Corporate.
refusal-quoted-balance-changed = Le solde du compte a changé depuis le devis { $number } : il promettait { $promised } et vous auriez maintenant { $now } à payer. Rien n’a été commandé et le devis reste en attente. Pour commander avec le solde actuel, modifiez les nombres de votre panier et enregistrez-le à nouveau, ou adressez-vous aux Services des comptes Corporate.
refusal-unrelated-charges-pending = { $amount } d’autres éléments de cet abonnement, taxes comprises, sont en attente de facturation et seraient facturés avec vos postes. Rien n’a été modifié ni acheté. Demandez aux Services des comptes Corporate de les facturer ou de les supprimer d’abord.
refusal-preview-incomplete = Tant d’autres éléments de cet abonnement sont en attente de facturation que nous ne pouvons pas déterminer le prix de vos postes. Rien n’a été modifié ni acheté. Demandez aux Services des comptes Corporate de les facturer ou de les supprimer d’abord.
refusal-tiers-preview-incomplete = Le prix de ces postes compte tant de tranches que le prestataire de paiement ne nous indique pas ce qu’ils coûteraient. Rien n’a été modifié ni acheté. Les Services des comptes Corporate peuvent commander ces postes pour vous.
refusal-preview-mismatch = Le système de facturation facturerait { $billed } pour ces postes, taxes comprises, alors qu’ils coûtent { $expected } : il régulariserait aussi autre chose dans cet abonnement, par exemple des postes ajoutés sans facturation ou une remise arrivée à son terme. Rien n’a été modifié ni acheté. Demandez d’abord aux Services des comptes Corporate de le régulariser, ou commandez après le prochain renouvellement.
refusal-mixed-prices-unsupported = Le système de facturation ne peut pas conserver des postes à deux prix différents dans un même abonnement. Rien n’a été modifié ni acheté. Les Services des comptes Corporate peuvent commander ces postes pour vous.
refusal-product-named-twice = Vous avez cité { $product } plusieurs fois, avec { $numbers } postes. Saisissez le nombre voulu dans son champ.
refusal-product-not-in-catalogue = { $product } n’est pas configuré pour être commandé ici. Les Services des comptes Corporate peuvent commander des postes pour vous.
refusal-product-not-self-served = Vous ne pouvez pas commander ici de postes supplémentaires pour { $product }.{ $has_reason ->
    [yes] {" "}Motif : { $reason }.
   *[no] {""}
} { $reason_names_services ->
    [yes] Contactez-les pour commander des postes.
   *[no] Les Services des comptes Corporate peuvent les commander pour vous.
}
refusal-quote-not-found = { $has_number ->
    [yes] Le devis { $number } est introuvable. Pour voir les devis en attente, tapez /quotes.
   *[no] Ce devis est introuvable. Pour voir les devis en attente, tapez /quotes.
}
refusal-quote-not-pending = Le devis { $number } n’est plus en attente. { $outcome ->
    [accepted] Il a été accepté par { $by } le { $at }. Pour voir sa commande de Service, tapez /service-orders.
    [accepted-elsewhere] Il a été accepté hors de Slack le { $at }.
    [rejected] Il a été rejeté par { $by } le { $at }. Pour commander des postes, tapez /add-seats.
    [rejected-elsewhere] Il a été rejeté hors de Slack le { $at }. Pour commander des postes, tapez /add-seats.
    [replaced] Le { $at }, { $by } l’a remplacé par le devis { $replaced_by }. Pour voir les devis en attente, tapez /quotes.
   *[expired] Il a expiré le { $at }. Pour commander ces postes, tapez /add-seats.
}
refusal-quotes-pending = De nouveaux devis sont en attente : rien n’a été modifié. Approuvez-les ou rejetez-les d’abord : { $numbers }.
refusal-reason-too-long = Votre motif compte { $length } caractères. Le maximum est de { $most }.
refusal-mail-not-configured = L’envoi d’e-mails n’est pas encore configuré : nous ne pouvons pas envoyer les reçus d’une période. Pour obtenir le PDF d’un reçu, tapez /billing reçus.
refusal-no-receipts-in-period = Il n’y a pas de reçu du { $first } au { $last }. Choisissez une autre période.
refusal-period-reversed = La période se termine avant de commencer. Choisissez le { $first } ou un jour ultérieur.
refusal-too-many-receipts = Cette période compte plus de { $most } reçus. Choisissez-en une plus courte.
refusal-receipt-export-not-found = Cette demande est introuvable. Pour voir vos reçus, tapez /billing reçus.
refusal-receipt-not-found = Ce reçu est introuvable. Pour voir les vôtres, tapez /billing reçus.
refusal-seats-not-a-number = « { $typed } » n’est pas un nombre de postes. Saisissez un nombre entier, 0 ou plus.
refusal-seats-not-given = { $has_typed ->
    [yes] « { $typed } » n’est pas un nombre de postes de { $product }. Saisissez le nombre voulu dans son champ.
   *[no] Vous avez cité { $product } sans nombre de postes. Saisissez le nombre voulu dans son champ.
}
refusal-role-withdrawn = { $has_by ->
    [yes] { $by } vous a retiré le rôle de contact de facturation du compte { $account } le { $at }
   *[no] Vous avez quitté les contacts de facturation du compte { $account } le { $at }
} : rien n’a été modifié. { $has_contacts ->
    [yes] Si vous en avez besoin, adressez-vous à l’un des autres contacts : { $contacts }.
   *[no] Si vous en avez besoin, adressez-vous aux Services des comptes Corporate.
}
refusal-subscription-busy = La commande de Service { $number } est en cours de traitement pour le même abonnement. Réessayez quand elle sera terminée.
refusal-subscription-not-active = L’un de ces abonnements n’est pas actif chez le prestataire de paiement : son premier paiement manque. Rien n’a été modifié ni acheté. Les Services des comptes Corporate peuvent vous aider.
refusal-subject = { $has_product ->
    [yes] Votre abonnement à { $product }
   *[no] L’un de ces abonnements
}
refusal-subscription-in-trial = { refusal-subject } est à l’essai{ $has_until ->
    [yes] {" "}jusqu’au { $until }
   *[no] {""}
} : aucun poste ne peut encore être facturé. Commandez-en après l’essai ou adressez-vous aux Services des comptes Corporate.
refusal-subscription-past-due = { refusal-subject } a une facture impayée. Dès qu’elle sera réglée, vous pourrez commander des postes. Les Services des comptes Corporate peuvent vous aider.
refusal-subscription-paused = { refusal-subject } est suspendu. Dès qu’il aura repris, vous pourrez commander des postes. Les Services des comptes Corporate peuvent vous aider.
refusal-collection-paused = Les paiements de { $has_product ->
    [yes] votre abonnement à { $product }
   *[no] l’un de ces abonnements
} sont suspendus{ $has_until ->
    [yes] {" "}jusqu’au { $until }
   *[no] {""}
} : aucun poste ne peut être facturé. Dès que les paiements reprendront, vous pourrez commander des postes. Les Services des comptes Corporate peuvent vous aider.
refusal-subscription-billed-ahead = { refusal-subject } a été facturé d’avance, jusqu’au { $last } inclus. De nouveaux postes seraient facturés aussitôt pour toute cette durée : rien n’a été modifié ni acheté. Les Services des comptes Corporate peuvent commander ces postes pour vous.
refusal-subscription-currency-converted = { refusal-subject } est facturé en { $currency }, à un taux de change que le prestataire de paiement fixe à ce moment-là. Nous ne pouvons pas garantir ce montant : rien n’a été modifié ni acheté. Les Services des comptes Corporate peuvent commander ces postes pour vous.
refusal-subscription-just-started = { refusal-subject } vient de commencer, avec une première période de moins d’un jour. Commandez des postes à partir du { $at }, au début de la suivante.
refusal-subscription-sold-by-provider = { refusal-subject } vous est vendu par le prestataire de paiement, que nos documents ne nommeraient pas comme vendeur. Rien n’a été modifié ni acheté. Les Services des comptes Corporate peuvent commander ces postes pour vous.
refusal-subscription-change-scheduled = { refusal-subject } fait l’objet d’un changement programmé le { $on }, qui{ $change ->
    [price] {" "}fixe un autre prix pour { seat-count } et
    [removed] {" "}en retire le produit et
    [unknown] {""}
   *[seats] {" "}le fixe à { seat-count } et
} annulerait votre commande. Commandez des postes après cette date ou demandez aux Services des comptes Corporate de modifier ce changement.
refusal-subscription-update-pending = { refusal-subject } fait l’objet d’une autre modification, en attente de paiement. Commandez des postes dès qu’elle sera payée, ou après son expiration le { $until }.
refusal-period-ends-soon = { refusal-subject } { $renews ->
    [yes] se renouvelle le { $at } : il est trop tard pour commander des postes pour la période en cours. Rien n’a été modifié ni acheté. Commandez après ce renouvellement.
   *[no] se termine le { $at } : il est trop tard pour y commander des postes. Rien n’a été modifié ni acheté.
}
refusal-subscription-ended = Votre abonnement à { $product } a pris fin : il n’y a plus de postes à commander.
refusal-subscription-not-found = Cet abonnement est introuvable. Rouvrez le panier.
refusal-subscription-not-self-served = Vous ne pouvez pas commander ici de postes pour cet abonnement à { $product }.{ $has_reason ->
    [yes] {" "}Motif : { $reason }.
   *[no] {""}
} { $reason_names_services ->
    [yes] Contactez-les pour commander des postes.
   *[no] Les Services des comptes Corporate peuvent les commander pour vous.
}
refusal-view-trigger-expired = Cela a pris trop de temps pour que Slack ouvre une fenêtre. Rien n’est perdu. Réessayez.
refusal-slack-unavailable = Slack n’a pas répondu correctement : nous n’avons rien pu vous afficher. Rien n’est perdu. Réessayez dans un instant.
installation-interrupted = Slack n’a pas répondu correctement : rien n’est encore installé. Recommencez dans un instant depuis la page d’installation.
refusal-database-unavailable = Nos données sont momentanément inaccessibles. Réessayez dans quelques minutes : ce que vous avez enregistré est conservé et rien ne sera acheté deux fois.
refusal-database-read-only = Nous pouvons tout vous afficher, mais rien enregistrer pour le moment : rien n’a été modifié. Réessayez dans quelques minutes.
refusal-unexpected-error = Un problème est survenu de notre côté. Réessayez. S’il persiste, indiquez cette référence aux Services des comptes Corporate : { $reference }.
refusal-unknown-subcommand = « { $word } » n’est pas une option de { $command }. Pour voir ce que vous pouvez faire, tapez { $command } help.
refusal-unknown-control = Ce bouton ou ce formulaire vient d’une autre version de l’application : rien n’a été modifié. Pour repartir d’un écran à jour, tapez /add-seats, /quotes, /service-orders ou /billing.
refusal-unknown-command = { $command } n’est plus disponible. Pour voir ce que vous pouvez faire, tapez /add-seats help.
refusal-too-many-invitations = Le maximum est de { $most } invitations sans réponse. Annulez-en une ou attendez une réponse.
refusal-too-busy = Le service est très sollicité pour le moment : rien n’a été modifié. Réessayez dans une minute.
refusal-too-many-seats = Le maximum est de { $most } nouveaux postes.
refusal-too-many-seats-in-order = { $total } nouveaux postes, c’est trop pour une seule commande. Le maximum est de { $most }.
refusal-unknown-administrator = Cet administrateur ne fait plus partie du compte. Choisissez-en un autre.
refusal-unknown-country = Choisissez un pays dans la liste.
refusal-unknown-currency = { $currency } n’est pas une devise.
refusal-unknown-product = { $has_typed ->
    [yes] Vous n’avez pas ici d’abonnement à « { $typed } ». Indiquez le nombre de postes pour le produit que vous voulez. Vous avez : { $products }.
   *[no] Vous n’avez ici aucun abonnement auquel ajouter des postes.
}
refusal-invalid-accounts-file = Le fichier ne peut pas être importé. { $problems }

## Notifications
notice-services = Services des comptes Corporate : { $url }
notice-row = { $product } : { new-seat-count }
notice-row-amount = { $amount } plus { $tax } de taxe
notice-more-rows = { $more ->
    [one] … et { $more } autre produit
   *[other] … et { $more } autres produits
}
notice-po-number = Bon de commande : { $number }
notice-total-with-tax = Total : { $total }, dont { $tax } de taxe
notice-subtotal = Sous-total : { $amount }
notice-tax = Taxe : { $amount }
notice-total = Total : { $amount }
notice-status = État
notice-order-status = Commande de Service { $number } : { order-status }
notice-order-resolved = { $request ->
    [order_declined] Des postes de { $products } ont été refusés. Ce message n’appelle plus de réponse.
   *[order_needs_customer] Le paiement de { $products } devait être confirmé. Ce message n’appelle plus de réponse.
}
notice-order-placed-by = Passée par { $name } le { $at }, à partir du devis { $quote }
notice-order-next-decide = Un contact de facturation doit décider avant le { $until } : réessayer les postes refusés ou les annuler. Ils ne sont facturés qu’en cas de nouvel essai.
notice-order-next-confirm = Le contact de facturation doit confirmer le paiement avant le { $until }. Passé ce délai, il sera refusé.
notice-order-next-queued = Nous poursuivrons automatiquement dès que la commande de Service { $number } sera traitée, au plus tard le { $by }.
notice-order-next-overdue = { notice-order-overdue-since } Inutile de commander à nouveau. Les Services des comptes Corporate peuvent vous aider.
notice-order-finished = { $status ->
    [completed] Terminée le { $at }. { document-name }
   *[failed] Échouée le { $at }
}
notice-order-placed = Votre commande de Service { $number } pour { $account } est passée
notice-order-queued = La commande de Service { $number } attend { $queued_behind }
notice-order-queued-reason = Nous ne traitons qu’une commande de Service à la fois par abonnement. La vôtre reprendra automatiquement dès que { $queued_behind } sera traitée.
notice-order-declined = { $payment ->
    [invoice] Commande de Service { $number } : postes refusés pour { $products }
   *[charge] Commande de Service { $number } : paiement refusé pour { $products }
}
notice-order-declined-reason = Motif : { $reason }
notice-order-two-prices = Le prix promis était de { $promised }. Il est maintenant de { $offered }, taxes comprises.
notice-order-not-billed = Ces postes n’ont été ni facturés ni ajoutés.
notice-order-retry = { $payment ->
    [invoice] Réessayez avant le { $until }, ou annulez ces postes.
   *[charge] Réessayez avec ce mode de paiement ou un autre avant le { $until }, ou annulez ces postes.
}
notice-order-needs-customer = { $personal ->
    [yes] Commande de Service { $number } : confirmez votre paiement pour { $products }
   *[no] Commande de Service { $number } : le contact de facturation doit confirmer le paiement pour { $products }
}
notice-order-confirm = { $product } : la banque demande une confirmation.
notice-order-confirm-until = { $product } : la banque demande une confirmation avant le { $until }.
notice-order-confirm-link = Confirmez ici : { $url }
notice-order-failed = La commande de Service { $number } a échoué
notice-invoice = { $status ->
    [paid] La facture { $number } de la commande de Service { $order } est payée
    [void] La facture { $number } de la commande de Service { $order } a été annulée
    [uncollectible] La facture { $number } de la commande de Service { $order } a été passée en perte
    [overdue] La facture { $number } de la commande de Service { $order } est en retard
   *[due] La facture { $number } de la commande de Service { $order } est à payer
}
notice-invoice-due = À payer au plus tard le { $on }
notice-invoice-overdue = Les postes sont conservés. Payez la facture, ou demandez aux Services des comptes Corporate si quelque chose ne va pas.
notice-order-overdue = La commande de Service { $number } est en retard
notice-order-overdue-since = Elle devait être terminée le { $by } au plus tard et est toujours en cours.
notice-order-overdue-ask = Les Services des comptes Corporate peuvent vous aider. Indiquez-leur le numéro de commande : { $number }.
notice-account = Compte : { $name } ({ $id })
notice-contact = Contact de facturation : { $name }, { $email }
notice-steps = Historique à ce jour :
notice-history = { $step ->
    [placed] { $at } : { history-service-order-placed } par { $by }
    [processing] { $at } : { history-service-order-processing }
    [line_settled] { $at } : { $product }, { new-seat-count } – { $has_invoice ->
        [yes] postes ajoutés, facture { $invoice }
       *[no] débit effectué, postes ajoutés
    }
    [line_declined] { $at } : { $product }, postes non ajoutés ({ $reason })
    [line_needs_customer] { $at } : { $product } en attente de la confirmation du paiement
    [line_unknown] { $at } : { $product } en attente de la réponse du prestataire de paiement. Vous ne serez pas facturé deux fois.
    [waits] { $at } : En attente de la commande de Service { $queued_behind }
    [invoice_paid] { $at } : Facture { $invoice } payée
    [invoice_void] { $at } : Facture { $invoice } annulée
    [invoice_uncollectible] { $at } : Facture { $invoice } passée en perte
    [invoice_overdue] { $at } : Facture { $invoice } en retard
    [retried] { $at } : Nouvel essai par { $by }
    [given_up] { $at } : { history-service-order-given-up } par { $by }
    [overdue] { $at } : { history-service-order-overdue }
    [completed] { $at } : { history-service-order-completed }
    [failed] { $at } : { history-service-order-failed }
   *[other] { $at } : { $step }
}
notice-receipt = { document-name } de la commande de Service { $order }
notice-receipt-export = Reçus du compte { $account }, du { $first } au { $last }{ $mails ->
    [one] {""}
   *[other] {" "}(e-mail { $mail } sur { $mails })
}
notice-receipt-file = { $kind ->
    [invoice] { document-name }, avec la confirmation de commande
    [confirmation] Confirmation de commande { $number }
   *[receipt] PDF du reçu { $number }
}
by-email-too = { $has_mail ->
    [yes] {" "}et par e-mail
   *[no] {""}
}
notice-receipt-sent = { $kind ->
    [invoice] { $count ->
        [one] La facture { $number } a été envoyée au contact de facturation par message direct{ by-email-too }. Les contacts de facturation la retrouvent à tout moment avec /billing reçus.
       *[other] Les factures { $number } ont été envoyées au contact de facturation par message direct{ by-email-too }. Les contacts de facturation les retrouvent à tout moment avec /billing reçus.
    }
   *[receipt] Le reçu { $number } a été envoyé au contact de facturation par message direct{ by-email-too }. Les contacts de facturation le retrouvent à tout moment avec /billing reçus.
}
notice-not-bought = Ni acheté ni facturé :
notice-quote-arrived = Le devis { $number } attend votre décision
notice-quote-reminder = { $whole ->
    [yes] Le devis { $number } expire à la fin du { $until }
   *[no] Le devis { $number } expire le { $until }
}
notice-quote-decided = { $decision ->
    [accepted] Le devis { $number } a été accepté
    [rejected] Le devis { $number } a été rejeté
    [replaced] Le devis { $number } a été remplacé
    [accepted-elsewhere] Le devis { $number } a été accepté hors de Slack
    [rejected-elsewhere] Le devis { $number } a été rejeté hors de Slack
    [pending] Devis { $number }
   *[expired] Le devis { $number } a expiré
}
notice-quote-file = PDF du devis { $number }
notice-extension-requested = { $account } demande la prolongation du devis { $number }
notice-extension-undelivered = { $withdrawn ->
    [yes] Votre demande de prolongation du devis { $number } n’est pas parvenue aux Services des comptes Corporate
   *[no] Votre demande de prolongation du devis { $number } n’est pas encore parvenue aux Services des comptes Corporate
}
notice-extension-decided = { $status ->
    [approved] Le devis { $number } est désormais valable jusqu’au { $until } inclus
   *[declined] Les Services des comptes Corporate ont refusé la prolongation du devis { $number }
}
notice-quote-decision = { $decision ->
    [accepted] Accepté par { $by } le { $at } : commande de Service { $order }
    [rejected] Rejeté par { $by } le { $at }. { $reason }
    [replaced] Remplacé par le devis { $replaced_by } le { $at } ({ $by }). Il ne peut pas être rétabli.
    [accepted-elsewhere] Accepté hors de Slack le { $at }
    [rejected-elsewhere] Rejeté hors de Slack le { $at }
   *[expired] Expiré le { $at }
}
notice-portal-changed = { $by } a fait de GoTo Admin le portail de facturation par défaut du compte { $account }
notice-contact-invited = { $by } vous invite à devenir contact de facturation du compte { $account }
notice-contact-invited-details = Les contacts de facturation peuvent commander des postes aux frais du compte, consulter ses devis, commandes de Service et reçus, et les recevoir par e-mail. Vous ne le devenez que si vous acceptez.
notice-contact-invited-until = Vous pouvez accepter jusqu’au { $until }.
notice-contact-invitation-answer = { $status ->
    [accepted] Vous avez accepté le { $at }. Pour commander des postes, tapez /add-seats.
    [declined] Vous avez refusé le { $at }.
    [cancelled] { $by } a annulé cette invitation le { $at }.
   *[lapsed] Cette invitation a expiré. Si elle est toujours utile, demandez-en une nouvelle.
}
notice-contacts-changed = { $change ->
    [invited] { $by } a invité { $name } à devenir contact de facturation du compte { $account }
    [accepted] { $name } est maintenant contact de facturation du compte { $account }
    [declined] { $name } a refusé l’invitation à devenir contact de facturation du compte { $account }
    [cancelled] { $by } a annulé l’invitation de { $name } à devenir contact de facturation du compte { $account }
    [lapsed] L’invitation de { $name } à devenir contact de facturation du compte { $account } a expiré
    [undelivered] Nous n’avons pas pu remettre à { $name } l’invitation à devenir contact de facturation du compte { $account }
    [left] { $name } n’est plus contact de facturation du compte { $account }
   *[withdrawn] { $by } a retiré { $name } des contacts de facturation du compte { $account }
}
notice-contacts-changed-details = Pour consulter la liste des contacts de facturation ou la modifier, tapez /billing et utilisez « Gérer les contacts ».
notice-contact-withdrawn = { $by } vous a retiré des contacts de facturation du compte { $account }
notice-contact-withdrawn-details = Vous ne pouvez plus commander de postes pour ce compte ni consulter ses devis, commandes de Service et reçus. Si vous en avez encore besoin, adressez-vous à l’un de ses contacts de facturation.
notice-portal-changed-details = Le portail de facturation Corporate ne vous est plus accessible. Vos informations de facturation et vos autorisations restent les mêmes, et vous pouvez toujours ajouter des postes ici.
notice-channel-unreachable = Nous ne pouvons pas publier dans <#{ $channel }>, le canal du compte { $account }
notice-channel-unreachable-plain = Nous ne pouvons pas publier dans { $channel }, le canal du compte { $account }
notice-channel-unreachable-details = Ses messages sont désormais envoyés aux contacts de facturation par message direct. Pour y remédier, invitez l’application dans le canal ou demandez qu’un autre canal soit défini.
notice-digest = { $count ->
    [one] Votre résumé pour { $account } : { $count } notification
   *[other] Votre résumé pour { $account } : { $count } notifications
}
notice-digest-line = • { $at } : { $what }
notice-digest-reason = Vous avez choisi de les recevoir une fois par jour.
notice-actions = Actions possibles : { $choices }

## Reçu
receipt-list = Reçus du compte *{ $account }*, du plus récent au plus ancien. Nous vous envoyons le PDF par message direct.
receipt-list-empty = *{ $account }* n’a pas encore de reçu. Vous en recevrez un à la fin de chaque commande de Service.
receipt-sent-success = { $kind ->
    [invoice] { $count ->
        [one] La facture { $number } vous est envoyée.
       *[other] Les factures { $number } vous sont envoyées.
    }
   *[receipt] Le reçu { $number } vous est envoyé.
}
receipt-sent = Vous recevrez dans un instant un message direct avec le PDF.{ $has_mail ->
    [yes] {" "}Si Slack ne peut pas le remettre, nous l’enverrons par e-mail à { $email }.
   *[no] {""}
}
receipt-export-title = Reçus par période
receipt-export-intro = Pour la comptabilité du compte *{ $account }* : nous vous enverrons par e-mail les PDF de tous les reçus émis pendant cette période et un tableau (CSV) avec une ligne par reçu ou facture et par taux de taxe.
receipt-export-since = Du
receipt-export-until = Au (inclus)
receipt-export-submit = Envoyer
receipt-export-found = { $count ->
    [one] *{ $count } reçu*
   *[other] *{ $count } reçus*
}{ $has_mail ->
    [yes] , en { $mails ->
        [one] un e-mail
       *[other] { $mails } e-mails
    } à { $email }
   *[no] {""}
} :
receipt-export-requested = { $finished ->
    [yes] Reçus du compte *{ $account }* par e-mail à { $email }.
   *[no] Nous envoyons par e-mail des reçus du compte *{ $account }* à { $email }.
}
receipt-export-progress = *Du { $first } au { $last } :* { $sent ->
    [one] { $sent } e-mail envoyé
   *[other] { $sent } e-mails envoyés
} sur { $mails }.{ $failed ->
    [0] {""}
    [one] {" "}Un e-mail ne peut pas être remis. Vérifiez l’adresse avec les Services des comptes Corporate.
   *[other] {" "}{ $failed } e-mails ne peuvent pas être remis. Vérifiez l’adresse avec les Services des comptes Corporate.
}
receipt-export-view-progress = Voir l’avancement
receipt-export-attached = { $count ->
    [one] Le PDF de { $count } reçu est joint.
   *[other] Les PDF de { $count } reçus sont joints.
}
receipt-export-table = Le tableau joint (CSV) a une ligne par reçu ou facture de la période et par taux de taxe. Le sous-total et le total d’un document figurent sur sa première ligne. La colonne État indique qu’une facture a été annulée ou passée en perte.
receipt-table-document = Numéro du document
receipt-table-status-name = { $status ->
    [paid] payé
    [void] annulé
    [uncollectible] passé en perte
    [overdue] en retard
   *[due] à payer
}
receipt-table-tax-ids = Identifiant fiscal de l’acheteur
receipt-table-currency = Devise
receipt-table-percent = Taux de taxe en pour cent
receipt-table-subtotal = Sous-total du document
receipt-table-total = Total du document
invoice-title = Facture { $number }
invoice = Facture
invoice-line =
    { $status }
    { $product }, { new-seat-count }, commande de Service { $order }
invoice-link = Le lien vers la facture vous est personnel : merci de ne pas le partager.
invoice-no-link = Le prestataire de paiement n’a pas de page pour cette facture. Les Services des comptes Corporate peuvent vous aider.
document-name = { $kind ->
    [invoice] { $count ->
        [one] Facture { $number }
       *[other] Factures { $number }
    }
   *[receipt] Reçu { $number }
}
receipt-title = Reçu { $number }
order-confirmation-title = Confirmation de commande { $number }
order-confirmation-heading = Confirmation de commande
order-confirmation-note = Cette confirmation de commande n’est pas une facture. { $count ->
    [one] La facture porte le numéro { $number }.
   *[other] Les factures portent les numéros { $number }.
}
receipt-invoice-note = { $count ->
    [one] Les postes de la facture { $number } figurent aussi ici. Pour eux, c’est la facture qui est à comptabiliser, et non ce reçu.
   *[other] Les postes des factures { $number } figurent aussi ici. Pour eux, ce sont les factures qui sont à comptabiliser, et non ce reçu.
}
receipt-heading = Reçu
receipt-paid = Payé
receipt-to-pay = À payer sur facture
receipt-partly-paid = Payé en partie
receipt-all-carried-over = Sur votre prochaine facture
receipt-paid-by-credit = Payé par le crédit du compte
receipt-nothing-to-pay = Rien à payer
receipt-seller = Vendeur
receipt-buyer = Facturé à
receipt-number = Numéro de reçu
receipt-date = Date
receipt-product = Produit
receipt-seats = Nouveaux postes
receipt-period = Période
receipt-amount = Montant
receipt-tax = Taxe
receipt-price = { $price }, au prorata
receipt-since = du { $day }
receipt-until = au { $day }
receipt-tax-rate = Taux
receipt-taxable = Base imposable
receipt-tax-id = { $kind ->
    [vat] N° de TVA : { $id }
   *[other] Identifiant fiscal : { $id }
}
receipt-po-number = Bon de commande
receipt-line-method = { $type ->
    [paid_elsewhere] payé en dehors du prestataire de paiement
   *[charged] débité { $has_day ->
        [yes] le { $day } sur { $method }
       *[no] sur { $method }
    }
}
receipt-subtotal = Sous-total
receipt-total = Total
receipt-credit-used = Crédit du compte
receipt-earlier-balance = Solde antérieur
receipt-carried-over = Reporté sur votre prochaine facture
receipt-charged-to = { $type ->
    [paid_elsewhere] { $method }
   *[charged] Débité sur { $method }
} : { $amount }
receipt-invoiced = Facture { $number } : { $amount }{ $has_date ->
    [yes] , à payer au plus tard le { $day }
   *[no] {""}
}
receipt-invoice-due = Facture { $number }{ $has_date ->
    [yes] , à payer au plus tard le { $day }
   *[no] {""}
}
receipt-nothing-due = Il n’y a rien à payer maintenant.
receipt-payment = { $type ->
    [paid_elsewhere] { $method }
   *[charged] Payé le { $day } avec { $method }
}

## E-mail du reçu
email-receipt-thanks = Votre commande de Service { $order } est terminée. { $kind ->
    [invoice] { $count ->
        [one] Voici votre facture.
       *[other] Voici vos factures.
    }
    [confirmation] Voici la confirmation de commande.
   *[receipt] Voici votre reçu.
}
email-receipt-attached = { $kind ->
    [invoice] { $count ->
        [one] Votre facture et la confirmation de commande sont jointes au format PDF.
       *[other] Vos factures et la confirmation de commande sont jointes au format PDF.
    }
    [confirmation] La confirmation de commande est jointe au format PDF.
   *[receipt] Votre reçu est joint au format PDF.
}
invoice-pdf-missing = { $count ->
    [one] Le prestataire de paiement ne nous a pas encore remis le PDF de la facture { $number }. Récupérez-le plus tard avec /billing reçus dans Slack.
   *[other] Le prestataire de paiement ne nous a pas encore remis les PDF des factures { $number }. Récupérez-les plus tard avec /billing reçus dans Slack.
}
email-files-too-large = Ces fichiers sont trop volumineux pour cet e-mail : { $names }. Récupérez-les avec /billing reçus dans Slack.
email-receipt-number = { $kind ->
    [invoice] { $count ->
        [one] Facture : { $number }
       *[other] Factures : { $number }
    }
   *[receipt] Reçu : { $number }
}
email-receipt-date = Date : { $day }
email-receipt-account = Compte : { $account }
email-receipt-address = { billing-address } :
email-receipt-order = Commande de Service : { $order }, à partir du devis { $quote }
email-receipt-placed = Passée par { $name } le { $day }
email-footer = Slack n’a pas pu vous remettre ce message. Nous vous l’avons donc envoyé par e-mail.
