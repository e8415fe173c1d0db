### What people read, in English. Grouped by the noun of the screen or message.

## Everywhere
close = Close
back = Back

## Notices
notice-services = Account Services: { $url }
notice-row = { $product }: { $seats ->
    [one] 1 new seat
   *[other] { $seats } new seats
}
notice-row-amount = { $amount } plus { $tax } tax
notice-more-rows = … and { $more ->
    [one] 1 more product
   *[other] { $more } more products
}
notice-total-with-tax = Total: { $total }, of which { $tax } tax
notice-subtotal = Subtotal: { $amount }
notice-tax = Tax: { $amount }
notice-total = Total: { $amount }
notice-paid-by = Charged to { $brand } ending in { $last4 }
notice-line-state = { $status ->
    [waiting] waiting
    [charging] being charged
    [settled] settled, seats added
    [declined] declined
    [needs_customer] waits for the payment to be confirmed
   *[unknown] waits for the payment provider’s answer
}
notice-line-waits = waits for service order { $number }
notice-line-declined = declined: { $reason }
notice-reason-card-declined = the card was declined
notice-reason-customer-timeout = the payment was not confirmed in time
notice-reason-never-received = the payment did not reach the provider
notice-reason-period-ended = the subscription’s period ended first
notice-reason-subscription-gone = the subscription no longer exists
notice-order-state = { $status ->
    [placed] placed
    [processing] processing
    [completed] completed
   *[failed] failed
}
notice-order-status = Service order { $number }: { notice-order-state }
notice-order-now = No longer needed: the service order is { notice-order-state } now.
notice-order-placed-by = Placed by { $name } on { $at }, from quote { $quote }
notice-order-promise = Processing may take up to 24 hours: until { $by } at the latest.
notice-order-finished = { $status ->
    [completed] Completed on { $at }. Receipt { $receipt }
   *[failed] Failed on { $at }
}
notice-order-placed = Your service order { $number } for { $account } is placed
notice-order-admin = Admin contact: { $name }, { $email }
notice-order-waits = Service order { $number } waits for { $waits_for }
notice-order-waits-why = One service order at a time is charged for a subscription. Yours goes on by itself once { $waits_for } is done.
notice-order-declined = Service order { $number }: payment declined for { $products }
notice-order-declined-why = Reason: { $reason }
notice-order-declined-nothing = Nothing was charged for it and no seats were added.
notice-order-retry = Try again with this or another payment method until { $until }, or give up.
notice-order-no-retry = It can no longer be tried again.
notice-order-needs-customer = { $personal ->
    [yes] Service order { $number }: please confirm the payment for { $products }
   *[no] Service order { $number }: the billing contact is asked to confirm the payment for { $products }
}
notice-order-confirm = { $product }: the card’s bank asks for a confirmation.
notice-order-confirm-until = { $product }: the card’s bank asks for a confirmation, until { $until }.
notice-order-confirm-link = Confirm here: { $url }
notice-order-failed = Service order { $number } failed
notice-order-failed-nothing = Nothing was charged and no seats were added. Account Services can help.
notice-order-overdue = Service order { $number } is overdue
notice-order-overdue-since = It was to be finished by { $by } and is not.
notice-order-overdue-ask = Account Services can help. Tell them the number { $number }.
notice-account = Account: { $name } ({ $id })
notice-contact = Billing contact: { $name }, { $email }
notice-steps = Steps so far:
notice-step = • { $at }: { $what } ({ $by }) { $reason }
notice-history = { $step ->
    [placed] { $at }: placed by { $by }
    [processing] { $at }: processing started
    [line_settled] { $at }: { notice-row } added
    [line_declined] { $at }: { $product } declined: { $reason }
    [line_needs_customer] { $at }: { $product } waits for the payment to be confirmed
    [line_unknown] { $at }: { $product } waits for the payment provider’s answer; it is not charged twice
    [line_waits] { $at }: { $product } waits for service order { $waits_for }
    [retried] { $at }: tried again by { $by }
    [given_up] { $at }: given up by { $by }
    [overdue] { $at }: overdue
    [completed] { $at }: completed
    [failed] { $at }: failed
   *[other] { $at }: { $step }
}
notice-receipt = Receipt { $number } for service order { $order }
notice-not-bought = Not bought, not charged:
notice-quote = Quote { $number }
notice-quote-arrived = Quote { $number } waits for your decision
notice-quote-reminder = Quote { $number } will expire soon
notice-quote-valid = Valid until { $until }
notice-quote-decided = { $decision ->
    [accepted] Quote { $number } was approved
    [rejected] Quote { $number } was rejected
    [replaced] Quote { $number } was replaced
    [accepted_elsewhere] Quote { $number } was accepted outside Slack
    [rejected_elsewhere] Quote { $number } was rejected outside Slack
    [pending] Quote { $number }
   *[expired] Quote { $number } has expired
}
notice-quote-decision = { $decision ->
    [accepted] Approved by { $by } on { $at }: service order { $order }
    [rejected] Rejected by { $by } on { $at }. { $reason }
    [replaced] Replaced by quote { $replaced_by } on { $at }, by { $by }. It does not come back.
    [accepted_elsewhere] Accepted outside Slack on { $at }
    [rejected_elsewhere] Rejected outside Slack on { $at }
   *[expired] Expired on { $at }
}
notice-portal-changed = { $by } went to the payment methods in GoTo Admin: it is now the default billing portal of { $account }
notice-portal-changed-means = The Corporate Billing Portal is no longer available to you. Your billing information and permissions stay as they are, and you can go on adding seats here.
notice-channel-unreachable = I cannot post to <#{ $channel }>, the channel of { $account }
notice-channel-unreachable-plain = The channel { $channel } of { $account } cannot be posted to
notice-channel-unreachable-means = What belongs there comes to the billing contacts by direct message instead. To bring it back, invite the app to the channel, or have another channel set.
notice-choices = You can choose: { $choices }
notice-open-order = See details
notice-open-order-label = See the details of service order { $number }
notice-retry = Try again
notice-retry-label = Try service order { $number } again
notice-give-up = Give up
notice-give-up-label = Give up service order { $number }
notice-give-up-ask = Give up what was declined in { $number }? It cannot be tried again afterwards.
notice-give-up-no = Go back
notice-confirm-payment = Confirm the payment
notice-open-quote = Review
notice-open-quote-label = Review quote { $number }
notice-approve-quote = Approve
notice-approve-quote-label = Approve quote { $number }
notice-reject-quote = Reject
notice-reject-quote-label = Reject quote { $number }

## Receipt mail
mail-receipt-subject = Receipt { $number } for service order { $order }
mail-receipt-thanks = Your service order { $order } is completed. This is its receipt.
mail-receipt-number = Receipt: { $number }
mail-receipt-date = Date: { $day }
mail-receipt-account = Account: { $account }
mail-receipt-address = Billing address: { $address }
mail-receipt-order = Service order: { $order }, from quote { $quote }
mail-receipt-placed = Placed by { $name } on { $day }
mail-receipt-admin = Admin contact: { $name }, { $email }
mail-column-product = Product
mail-column-seats = New seats
mail-column-amount = Amount
mail-column-tax = Tax
mail-why = Slack could not deliver this message to you, so it comes by e-mail.
