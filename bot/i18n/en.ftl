### What people read, in English. Grouped by the noun of the screen or message.

## Everywhere
close = Close
back = Back
list-item = • { $text }
someone = a colleague
and-more = and { $count } more
count-more = { $count } more
price-per-seat = { $period ->
    [year] { $price } per seat and year
   *[month] { $price } per seat and month
}

## Ways on
way-add-seats = Add seats
way-cart = Back to the cart
way-warning = Show the pending quotes
way-open-quote = Review
way-open-quote-label = Review quote { $number }
way-this-quote = Show the quote
way-go-on = Go on with { $number }
way-approve = Approve
way-approve-label = Approve quote { $number }
way-reject = Reject
way-reject-label = Reject quote { $number }
way-quotes = Pending quotes
way-checkout = Back to checkout
way-open-order = Open
way-open-order-label = Open service order { $number }
way-this-order = Show the service order
way-orders = Service orders
way-receipts = All receipts
way-send-receipt = Send me the PDF
way-send-receipt-label = Send me receipt { $number } as a PDF
way-manage-methods = Manage payment methods
way-notices = Notices
way-services = Account Services
way-of-account = { $way }: { $account }

## Cart
cart-title = Add seats
cart-submit = Save cart and review
cart-intro =
    {"*"}New seats for { $account }*
    Type the number of seats to *add*, up to { $most } a subscription. Blank or 0 means none. Nothing is bought yet: you see the prices and the resulting totals once the cart is saved.
cart-seats = { $product }: number of new seats
cart-hint = { $seats ->
    [one] { $seats } seat today
   *[other] { $seats } seats today
} · { $price } · period ends { $until }
cart-hint-typed = { $seats ->
    [one] { $seats } seat today
   *[other] { $seats } seats today
}, { $after } with { $typed } more · { $price } · period ends { $until }
cart-not-orderable = { $seats ->
    [one] *{ $product }* · { $seats } seat today
   *[other] *{ $product }* · { $seats } seats today
    }
cart-own-quote = *You have begun an order already.* It waits for you as it is:
cart-own-quote-saved = Your cart’s quote { $number } is pending until { $until }. Saved unchanged, the cart leads back to it; saved with other numbers, a new quote takes its place.
cart-page = Page { $page } of { $count }. What you typed is kept when you turn the page.
cart-page-previous = Previous page
cart-page-next = Next page
cart-choose-title = Choose an account
cart-choose = You are a billing contact of several accounts. Which one is it for?
cart-choose-account = *{ $account }*
cart-choose-button = Choose
cart-choose-label = Choose { $account }
cart-choose-more = { $count ->
    [one] 1 more account does not fit here.
   *[other] { $count } more accounts do not fit here.
} Account Services can help with them.
cart-warning-title = Pending quotes
cart-warning = { $count ->
    [one] Before you order, please approve or reject the pending quote.
   *[other] Before you order, please approve or reject the { $count } pending quotes.
}
cart-warning-came-back = Meanwhile the pending quotes have changed. Nothing was replaced; please look again before you continue.
cart-warning-replace = { $count ->
    [one] If you continue instead, the quote above expires as soon as you save your cart, and the new order’s quote replaces it.
   *[other] If you continue instead, the quotes above expire as soon as you save your cart, and the new order’s quote replaces them.
} *Replaced quotes do not return, even if you abandon the new order.* An abandoned new quote stays pending.
cart-continue = Continue and replace
cart-continue-ask = { $count ->
    [one] Replace the pending quote?
   *[other] Replace { $count } pending quotes?
}
cart-continue-consequence = { $count ->
    [one] It expires when you save the new cart
   *[other] They expire when you save the new cart
}. Replaced quotes do not return, even if you abandon the new order. An abandoned new quote stays pending.
cart-continue-yes = Continue
cart-continue-no = Go back
cart-not-eligible-title = Not possible here
cart-not-eligible = Seats cannot be added for *{ $account }* here at the moment:

## Quote
quote-title = Quote
quote-header = Quote { $number }
quote-review-submit = Proceed to checkout
quote-summary =
    {"*"}{ $number }* · { $total }
    { $seats }
    Valid until { $until }
quote-list-title = Pending quotes
quote-list-intro = { $count ->
    [one] *{ $account }* has one pending quote. Approving it leads to checkout; nothing is bought before you place the service order.
   *[other] *{ $account }* has { $count } pending quotes. Approving one leads to checkout; nothing is bought before you place the service order.
}
quote-list-empty = *{ $account }* has no pending quotes. To order seats, type `/add-seats`. To see a quote that was decided, type `/quotes` and its number.
quote-list-more = { $count ->
    [one] 1 more is pending. To open it, type `/quotes` and its number:
   *[other] { $count } more are pending. To open one, type `/quotes` and its number:
}
quote-list-numbers = { $numbers }
quote-made = { $origin ->
    [elsewhere] For *{ $account }*. Prepared for you outside Slack; here since { $at }.
   *[cart] For *{ $account }*. Made by { $by } from a cart on { $at }.
}
quote-pending = *Pending*, valid until { $until }.
quote-decided = { $outcome ->
    [accepted] *Accepted* by { $by } on { $at }.
    [accepted-elsewhere] *Accepted outside Slack* on { $at }.
    [rejected] *Rejected* by { $by } on { $at }.
    [rejected-elsewhere] *Rejected outside Slack* on { $at }.
    [replaced] *Expired*: replaced by quote { $replaced_by } on { $at }, by { $by }.
   *[expired] *Expired* on { $at }. To order the seats, type `/add-seats`.
}{ $has_order ->
    [yes] {" "}Its service order is { $order }.
   *[no] {""}
}{ $has_reason ->
    [yes] {" "}Reason: { $reason }
   *[no] {""}
}
quote-line = { $seats ->
    [one] *{ $product }* · { $seats } new seat: { $before } → { $after }
   *[other] *{ $product }* · { $seats } new seats: { $before } → { $after }
    }
    { $price }, charged from { $since } to { $until }
    { $amount } + { $tax } tax
quote-totals =
    Subtotal: { $subtotal }
    Tax: { $tax }
    {"*"}Total due now: { $total }*
quote-recurring = *From the next renewal*
quote-recurring-line = { $period ->
    [year] { $total } a year: { $net } + { $tax } tax
   *[month] { $total } a month: { $net } + { $tax } tax
}
quote-recurring-scope = For all seats of this quote’s subscriptions, old and new. The renewal date does not move.
quote-reject-title = Reject the quote
quote-reject-submit = Reject quote
quote-reject-intro = A rejected quote does not return. The account’s other billing contacts can read your reason.
quote-reject-reason = Reason
quote-reject-hint = If you like, up to { $most } characters.

## Checkout
checkout-title = Checkout
checkout-submit = Save and continue
checkout-intro =
    {"*"}Quote { $number } for { $account }*
    Total due now: *{ $total }*. Please check the details below; you can still look at everything before you place the service order.
checkout-admin-header = Admin contact
checkout-admin-intro = An administrator of the account in GoTo Admin Centre (classic), existing or new. They get one of the ordered seats of each product, unless they already have one.
checkout-administrator = Administrator
checkout-admin-new = A new administrator
checkout-admin-name = Name of the new administrator
checkout-admin-email = E-mail of the new administrator
checkout-admin-new-hint = Only where you chose “A new administrator”.
checkout-method-header = Payment method
checkout-payment-method = Card to charge
checkout-method-hint = For this order. To add or change a card, or another default, use “Manage payment methods”.
checkout-address-header = Billing address
checkout-line1 = Street and number
checkout-line2 = Further address line
checkout-postal-code = Postal code
checkout-city = City
checkout-state = State or province
checkout-country = Country

## Payment method
payment-method = { $brand } •••• { $last4 }, { $state ->
    [expired] expired { $expiry }
    [manual] expires { $expiry }, not automatic
   *[usable] expires { $expiry }
}{ $default ->
    [yes] , default
   *[no] {""}
}
payment-method-none = No valid automatic payment method is stored. Use “Manage payment methods” to add one.

## Placing a service order
placement-title = Service order
placement-submit = Place service order
placement-intro =
    {"*"}Service order details for { $account }*, from quote { $number }
    Please check them. Nothing is bought before you place the service order.
placement-replaced = Your billing address changes the tax: quote { $number } has replaced { $replaced }. The total is now { $total }.
placement-admin =
    {"*"}Admin contact*
    { $name }, { $email }
    { $takes ->
        [yes] Gets one of the new seats of: { $products }.
       *[no] Has a seat of each product already, and takes none of the new ones.
    }
    { $free ->
        [0] No new seat remains free for others.
        [one] { $free } new seat remains free for others.
       *[other] { $free } new seats remain free for others.
    }
placement-method =
    {"*"}Payment method*
    { $method }
billing-address = *Billing address*
placement-consequence = Placing the service order accepts quote { $number } and charges { $total }. Processing may take up to 24 hours; a confirmation with the receipt comes by e-mail.
placed-title = Service order placed
placed-done = Service order { $number } is placed.
placed = Processing may take up to 24 hours: until { $by } at the latest. You can close this; { $has_channel ->
    [yes] the status is posted to your account’s channel.
   *[no] you are told the status by direct message.
} Once it is completed, the confirmation with the receipt goes to { $name }, { $email }.

## Service order
service-order-title = Service order
service-order-header = Service order { $number }
service-order-status = { $status ->
    [placed] Placed
    [processing] Being processed
    [completed] Completed
   *[failed] Failed
}
service-order-placed = *Placed.* Processing starts by itself and may take up to 24 hours: until { $by }.
service-order-processing = *Being processed.* It may take up to 24 hours: until { $by }.
service-order-completed = *Completed* on { $at }.{ $some_declined ->
    [yes] {" "}Declined, not charged: { $products }. Account Services can help with that.
   *[no] {""}
}
service-order-failed = *Failed* on { $at }. Nothing was charged and no seats were added. Account Services can help.
service-order-overdue = This takes longer than the promised 24 hours. Account Services can help; there is no need to order again.
service-order-retry = *Your decision is needed.* The declined seats can be tried again until { $until }, at the same price. Or give them up: then the rest of the order is completed.
service-order-facts =
    {"*"}Account:* { $account }
    {"*"}Quote:* { $quote }, total { $total }, of which { $tax } tax
    {"*"}Placed:* { $at }, by { $by }
    {"*"}Admin contact:* { $admin }
    {"*"}Payment method:* { $method }
service-order-summary =
    {"*"}{ $number }* · { $status }{ $needs ->
        [yes] {" "}· *needs you*
       *[no] {""}
    }
    { $seats }
    Placed { $at }
service-order-list-title = Service orders
service-order-list = Service orders of *{ $account }*, the newest first.
service-order-list-empty = *{ $account }* has no service orders yet. To add seats, type `/add-seats`.
service-order-list-more = Older ones
order-line = { $seats ->
    [one] *{ $product }* · { $seats } new seat · { $amount } + { $tax } tax
   *[other] *{ $product }* · { $seats } new seats · { $amount } + { $tax } tax
    }
    { $standing }
order-line-waiting = Waits to be processed, until { $by } at the latest.
order-line-waits-for = Waits for service order { $order }, which is charging the same subscription. It goes on by itself, until { $by } at the latest.
order-line-charging = Being charged{ $has_until ->
    [yes] , until { $until }
   *[no] {""}
}.
order-line-settled = Done on { $at }: charged, and the seats are added.
order-line-needs-customer = The card’s bank asks you to confirm the payment, until { $until }. Otherwise it is declined.
order-line-unknown = The payment provider has not answered yet. We keep asking; nothing is charged twice, so please do not order again.
order-line-can-retry = Not charged. It can be tried again until { $until }.
order-line-given-up = Not charged. It was given up.
order-line-no-retry = Not charged. It can no longer be tried again.
order-line-confirm = Confirm the payment
order-line-confirm-label = Confirm the payment for { $product }
decline-card-declined = The card was declined.
decline-customer-timeout = The payment was not confirmed in time.
decline-never-received = The payment did not reach the provider.
decline-period-ended = The subscription’s period ended before it was charged.
decline-subscription-gone = The subscription no longer exists.
decline-subscription-not-active = The subscription is not active with the payment provider.
decline-authentication-failed = The bank did not accept the confirmation of the payment.
decline-price-changed = The price has changed.
decline-price-changed-to = The price has changed: { $promised } was promised, { $offered } would be charged now.
decline-price-archived = Seats are no longer sold at this price.
decline-paid-by-invoice = The subscription is paid by invoice: no card is charged for it.
decline-other-currency = The subscription is charged in another currency than the account’s.
decline-customer-gone = The payment provider no longer knows the account.
decline-method-gone = The card is no longer stored with the payment provider.
decline-provider-error = The payment provider had a fault and charged nothing.
decline-unknown = It was declined.
decline-seats-changed = The number of seats has changed meanwhile.
decline-other = It was declined ({ $reason }).
receipt-totals =
    {"*"}Receipt { $number }*, { $day }
    Subtotal: { $subtotal }
    Tax: { $tax }
    {"*"}Total: { $total }*
provider-receipt = The payment provider’s receipt { $number }: <{ $page }|see it> or <{ $pdf }|PDF>
retry-title = Try again
retry-submit = Try again
retry-button = Try again
retry-intro = These seats of service order { $number } were declined. They are tried again at the same price, with the card you choose:
retry-line = { $seats ->
    [one] • *{ $product }* · { $seats } new seat · { $amount } + { $tax } tax
   *[other] • *{ $product }* · { $seats } new seats · { $amount } + { $tax } tax
}
give-up-button = Give up
give-up-ask = Give up the declined seats?
give-up-consequence = They are not charged and cannot be tried again. Seats of this order that are already added stay.
give-up-yes = Give up
give-up-no = Go back

## History
history-title = *History*
history-older = { $count ->
    [one] … and 1 step before
   *[other] … and { $count } steps before
}
history-whole = Whole history
history-page = Page { $page } of { $count }
history-page-previous = Earlier steps
history-page-next = Later steps
history-entry = { $at } · { $who }: { $what }{ $has_reason ->
    [yes] {" "}({ $reason })
   *[no] {""}
}
history-by-scheduler = the app
history-by-provider = the payment provider
history-other = recorded a change of { $number }
history-quote-made = made quote { $number }
history-quote-replaced = replaced quote { $number }
history-quote-accepted = accepted quote { $number }
history-quote-rejected = rejected quote { $number }
history-quote-expired = quote { $number } expired
history-service-order-placed = placed the service order
history-service-order-processing = processing started
history-service-order-completed = service order completed
history-service-order-failed = service order failed
history-service-order-retried = tried { $product } again
history-service-order-given-up = gave up the declined seats
history-service-order-overdue = service order overdue
history-service-order-seat-assigned = assigned a seat to the admin contact
history-line-charging = { $product } is being charged
history-line-settled = { $product } charged, seats added
history-line-declined = { $product } declined
history-line-needs-customer = { $product } waits for the payment to be confirmed
history-line-unknown = { $product } waits for the payment provider’s answer
history-reason-address-changes-tax = the billing address changes the tax

## Account
account-title = Billing
account-header = { $account }
account-quotes = Pending quotes ({ $count })
account-subscriptions = { $count ->
    [0] *Subscriptions:* none yet
    [one] *Subscription*
   *[other] *{ $count } subscriptions*
}
account-subscription = { $seats ->
    [one] *{ $product }* · { $seats } seat · { $price }
   *[other] *{ $product }* · { $seats } seats · { $price }
    }{ $has_blocks ->
    [yes] {" "}(of which { $blocks })
   *[no] {""}
    }
    Renews { $renews } for { $total } before tax{ $orderable ->
    [yes] {""}
   *[no] {" "}· seats are added by Account Services
    }
account-renewals = The next renewals together: { $totals }, before tax.
account-renewal = { $period ->
    [year] { $total } a year
   *[month] { $total } a month
}
account-block = { $seats } at { $price }
account-portal = { $portal ->
    [admin] *Default billing portal: GoTo Admin.* There you can look at invoices, accept quotes, manage subscriptions, and view and update billing information.
   *[corporate] *Default billing portal: Corporate Billing Portal.* There you can look at subscriptions, quotes, service orders and receipts. Opening it changes nothing.
}
account-open-portal = { $portal ->
    [admin] Open GoTo Admin
   *[corporate] Open the billing portal
}
account-methods = *Payment methods.* To add or change one, or another default, “Manage payment methods” leads to GoTo Admin; you are told before what that changes.
account-methods-none = *Payment methods:* none is stored. To order seats you need a credit or debit card as your default automatic payment method: “Manage payment methods” leads to GoTo Admin, and you are told before what that changes.
account-receipts = *Last receipts*
account-receipts-none = *Receipts:* none yet. A receipt is made when a service order is completed.
account-receipt = { $number } · { $day } · { $total } · service order { $order }
account-contacts = *Billing contacts*
account-contact = • { $name }, { $email }
account-services = *Account Services* help where something cannot be done here.

## Portal
portal-title = Payment methods
portal-warning-alert = Payment methods are managed in GoTo Admin. Please read what changes before you go there.
portal-warning =
    For *{ $account }*, for good:
    • GoTo Admin becomes your default billing portal.
    • The Corporate Billing Portal is no longer available to you.
    • Your billing information and permissions stay as they are.
    • The other billing contacts are told. You can go on adding seats here in Slack.
portal-offers =
    {"*"}What GoTo Admin offers*
    • invoices
    • accepting quotes
    • managing subscriptions
    • viewing and updating billing information
portal-switch = Switch to GoTo Admin
portal-switch-ask = Switch to GoTo Admin?
portal-switch-consequence = GoTo Admin becomes your default billing portal, and the Corporate Billing Portal is no longer available to you. This cannot be undone.
portal-switch-yes = Switch
portal-switch-no = Go back
portal-already = GoTo Admin is the default billing portal of *{ $account }* already. The link to the payment methods is only for you; please do not pass it on.
portal-show-link = Show the link
portal-link = GoTo Admin is now the default billing portal of *{ $account }*. The link to the payment methods is only for you; please do not pass it on. When you are done there, come back and go on.

## Home
home-commands = `/add-seats` orders seats, `/quotes` shows pending quotes, `/service-orders` where each order stands, `/billing` everything about the account.
home-waits = Waits for you
home-nothing-waits = Nothing waits for you.
home-orders = { $count ->
    [one] *Service order in progress*
   *[other] *{ $count } service orders in progress*
}
home-details = Billing
home-of-account = *{ $account }*
home-order-line = • { $product }: { $standing }
home-payment = *Payment method:* { $method }
home-payment-expires-soon = *Expires soon.* Add another card or its new date in time: once it has expired, no seats can be ordered.
home-page = Page { $page } of { $count }
home-page-previous = Previous page
home-page-next = Next page
home-help = Something cannot be done here? Account Services help.
home-unlinked =
    {"*"}Welcome.* Here billing contacts order seats for their company’s subscriptions and follow their service orders.
    You are not registered as a billing contact in this workspace. If you should be, ask one of your company’s billing contacts, or Account Services, to register you with the e-mail address you use in Slack. Then type `/add-seats`.
home-what-it-does =
    {"*"}What it does for billing contacts*
    • orders additional seats, with the price and the new renewal total before anything is bought
    • shows pending quotes, to approve or reject
    • tells where each service order stands, and sends its receipt
    To read more, type `/add-seats help`.
home-ask = The billing contacts here: { $contacts }.

## Notices one chooses
notices-title = Notices
notices-submit = Save
notices-intro = What the app sends you by direct message, for all your accounts.
notices-wanted = Send me
notices-orders = My service orders
notices-orders-means = That one is placed, or waits for another one
notices-receipts = Receipts, with their PDF
notices-receipts-means = They come by e-mail in any case
notices-decisions = Decisions about quotes
notices-decisions-means = Approved or rejected by others, replaced, expired
notices-reminders = Early reminders of quotes
notices-reminders-means = 7 days and 48 hours before the end
notices-delivery = When
notices-at-once = At once
notices-daily = Once a day, at 9 in the morning of my time
notices-always =
    {"*"}These always come, and at once:* quotes that wait for you and their last reminder (4 hours ahead), payments that were declined or must be confirmed, orders that failed or are overdue, a new default portal, a channel that cannot be posted to.
    Receipts always come by e-mail. The account’s channel is not changed by this.
notices-saved = Saved. You get these notices at once.
notices-saved-daily = Saved. These notices come once a day, at 9 in the morning.

## Seat history
seat-history = *How your seats changed*
seat-history-title = How your seats changed
seat-history-seats = Seats
seat-history-first = before
seat-history-line = { $product }: { $steps }
seat-history-before = { $seats ->
    [one] { $seats } seat before
   *[other] { $seats } seats before
}
seat-history-since = { $seats ->
    [one] { $seats } seat since { $day }
   *[other] { $seats } seats since { $day }
}

## Help
help-add-seats =
    {"*"}`/add-seats`* orders additional seats, in four steps: choose the number of new seats, review the quote, check payment, place the service order. Nothing is bought before the last step, and every step has a way back.
    • `/add-seats webinar 5` begins with 5 new seats of GoTo Webinar
    • `/add-seats webinar` checks that product first
    What you typed is kept: if you stop halfway, `/add-seats` takes you back to your cart.
help-quotes =
    {"*"}`/quotes`* shows the pending quotes, to review, approve or reject. Approving leads to checkout; nothing is bought before you place the service order.
    • `/quotes SQ-1001` opens one quote, also a decided one
help-service-orders =
    {"*"}`/service-orders`* shows your service orders and where each one stands. Processing may take up to 24 hours.
    • `/service-orders SO-1001` opens one of them, with its history and receipt
help-billing =
    {"*"}`/billing`* shows subscriptions and seats, the default billing portal, payment methods, receipts and billing contacts.
    • `/billing receipts` lists the receipts
    • `/billing notices` sets which notices you get, and when
    • *Open the billing portal* leads to your default portal and changes nothing
    • *Manage payment methods* leads to GoTo Admin; you are told before what that changes

## Waiting
waiting-title = One moment
waiting-text = One moment, please: the answer takes a little longer. It appears here by itself.
not-installed = Seatbot is not installed in this workspace. Ask whoever looks after your apps to install it.

## Refusal
refusal-title = Not possible now
refusal = That is not possible.
refusal-account-not-found = I do not know that account.
refusal-account-not-self-served = Seats of { $account } cannot be ordered here.{ $has_reason ->
    [yes] {" "}Reason: { $reason }.
   *[no] {""}
} Account Services can order them for you.
refusal-ambiguous-product = { $has_typed ->
    [yes] “{ $typed }” may be several products: { $products }. Please type more of the name.
   *[no] Which product is it? Please type its name before the number. You have: { $products }.
}
refusal-billing-unavailable = The billing system does not answer at the moment. Nothing was changed or bought. Please try again in a few minutes.
refusal-checkout-incomplete = The checkout of this quote is not complete, or something in it is no longer valid. Please check admin contact, payment method and billing address again.
refusal-customer-not-found = { $account } is not known to the payment provider: it was never linked with it, or was deleted there. Nothing was changed or bought. Account Services can help.
refusal-empty-order = Please type the number of new seats for at least one subscription.
refusal-field-required = Please fill in this field.
refusal-field-too-long = That is too long: at most { $most } characters.
refusal-forbidden-transition = That can no longer be done, because something else happened meanwhile. Please look at where it stands now.
refusal-identity-not-fresh = Slack has not confirmed who you are within the last hour, so nothing was changed. Please try again in a moment.
refusal-invalid-amount = { $amount } is not an amount in { $currency }.
refusal-invalid-input = Please check what you typed.
refusal-no-automatic-payment-method = Ordering seats needs a valid credit or debit card as the account’s default automatic payment method. To add or choose one, use “Manage payment methods”.
refusal-not-a-billing-contact = Only an account’s billing contacts can add seats or read its quotes, service orders and receipts. { $has_contacts ->
    [yes] Please ask one of them: { $contacts }.
   *[no] Please ask Account Services who they are.
}
refusal-not-allowed = This is not available to you.
refusal-not-an-email = { $has_typed ->
    [yes] “{ $typed }” is not an e-mail address. Please type one as in name@example.com.
   *[no] Please type an e-mail address, as in name@example.com.
}
refusal-nothing-to-order = None of the subscriptions of { $account } can get additional seats here. Account Services can help.
refusal-nothing-to-retry = { $outcome ->
    [retried] { $by } tried the declined seats of service order { $number } again on { $at }. To see where it stands, type /service-orders { $number }.
    [given_up] { $by } gave up the declined seats of service order { $number } on { $at }. They are not charged. To order seats, type /add-seats.
   *[over] Nothing of service order { $number } can be tried again or given up now: the time for it is over. Account Services can help.
}
refusal-order-not-found = { $has_number ->
    [yes] I do not know a service order { $number }. To see yours, type /service-orders.
   *[no] I do not know that service order. To see yours, type /service-orders.
}
refusal-currency-mismatch = One of these subscriptions is charged in another currency than the account’s, so that no price can be promised for its seats. Nothing was changed or bought. Account Services can order these seats for you.
refusal-subscription-paid-by-invoice = One of these subscriptions is paid by invoice, and no card can be charged for its seats. Nothing was changed or bought. Account Services can order these seats for you.
refusal-payment-method-not-usable = That card cannot be charged: it is gone, expired, or not set for automatic payment. Please choose another one.
refusal-price-archived = The seats of one of these subscriptions are no longer sold at its price. Nothing was changed or bought. Account Services can help.
refusal-quoted-price-changed = The price is no longer what quote { $number } promised: { $promised } was promised, { $now } would be charged now, tax included. Nothing was charged, and the quote stays pending. To order at today’s price, save the cart again with other numbers, or ask Account Services.
refusal-mixed-prices-unsupported = The billing system cannot hold seats at two different prices on one subscription. Nothing was changed or bought. Account Services can order these seats for you.
refusal-product-not-self-served = Additional seats of { $product } cannot be ordered here.{ $has_reason ->
    [yes] {" "}Reason: { $reason }.
   *[no] {""}
} Account Services can order them for you.
refusal-quote-not-found = { $has_number ->
    [yes] I do not know a quote { $number }. To see the pending ones, type /quotes.
   *[no] I do not know that quote. To see the pending ones, type /quotes.
}
refusal-quote-not-pending = Quote { $number } is no longer pending. { $outcome ->
    [accepted] { $by } accepted it on { $at }. To see its service order, type /service-orders.
    [accepted-elsewhere] It was accepted outside Slack on { $at }.
    [rejected] { $by } rejected it on { $at }. To order seats, type /add-seats.
    [rejected-elsewhere] It was rejected outside Slack on { $at }. To order seats, type /add-seats.
    [replaced] { $by } replaced it by quote { $replaced_by } on { $at }. To see the pending quotes, type /quotes.
   *[expired] It expired on { $at }. To order the seats, type /add-seats.
}
refusal-quotes-pending = Other quotes became pending meanwhile. Nothing was changed; please decide about them first: { $numbers }.
refusal-reason-too-long = The reason has { $length } characters; at most { $most } fit.
refusal-receipt-not-found = I do not know that receipt. To see yours, type /billing receipts.
refusal-seats-not-a-number = “{ $typed }” is not a number of seats. Please type a whole number, 0 or more.
refusal-subscription-busy = Service order { $number } is charging the same subscription. Please try again once it is done.
refusal-subscription-not-active = One of these subscriptions is not active with the payment provider: it is paused, on trial, or not paid for. Nothing was changed or bought. Account Services can help.
refusal-subscription-not-found = I do not know that subscription. Please open the cart again.
refusal-subscription-not-self-served = Seats of this subscription to { $product } cannot be ordered here.{ $has_reason ->
    [yes] {" "}Reason: { $reason }.
   *[no] {""}
} Account Services can order them for you.
refusal-view-trigger-expired = That took too long for Slack to open a screen. Nothing is lost; please try again.
refusal-database-unavailable = Seatbot cannot reach its records at the moment. Please try again in a few minutes: what was stored is safe, and nothing is bought twice.
refusal-unexpected-error = Something went wrong on our side, and it is logged. Please try again; if it happens again, tell Account Services this reference: { $reference }.
refusal-unknown-subcommand = I do not know “{ $word }” after { $command }. To see what it can do, type { $command } help.
refusal-too-busy = Too much is going on at the moment, so nothing was changed. Please try again in a minute.
refusal-too-many-seats = At most { $most } new seats fit here.
refusal-too-many-seats-in-order = { $total } new seats are too many for one order: at most { $most }.
refusal-unknown-administrator = That administrator is not on this account any more. Please choose another one.
refusal-unknown-country = Please choose a country from the list.
refusal-unknown-currency = { $currency } is not a currency.
refusal-unknown-product = { $has_products ->
    [yes] There is no subscription to “{ $typed }” here. You have: { $products }.
   *[no] There is no subscription here that seats could be added to.
}
refusal-invalid-accounts-file = The file cannot be imported. { $problems }

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
notice-reason-subscription-not-active = the subscription is not active with the payment provider
notice-reason-seats-changed = the number of seats has changed meanwhile
notice-reason-authentication-failed = the bank did not accept the confirmation
notice-reason-price-changed = the price has changed
notice-reason-price-archived = seats are no longer sold at this price
notice-reason-paid-by-invoice = the subscription is paid by invoice
notice-reason-other-currency = the subscription is charged in another currency than the account’s
notice-reason-customer-gone = the payment provider no longer knows the account
notice-reason-method-gone = the card is no longer stored with the payment provider
notice-reason-provider-error = the payment provider had a fault and charged nothing
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
notice-order-next-decide = A billing contact’s decision is needed: try the declined seats again or give them up, until { $until }. Nothing is charged for them before.
notice-order-next-confirm = The billing contact is asked to confirm the payment until { $until }; otherwise it is declined.
notice-order-next-waits = It goes on by itself once service order { $number } is done, until { $by } at the latest.
notice-order-next-late = It was to be finished by { $by } and takes longer. There is no need to order again; Account Services can help.
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
notice-order-two-prices = Promised: { $promised }. It would be { $offered } now, tax included.
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
    [waits] { $at }: waits for service order { $waits_for }
    [retried] { $at }: tried again by { $by }
    [given_up] { $at }: declined seats given up by { $by }
    [overdue] { $at }: overdue
    [completed] { $at }: completed
    [failed] { $at }: failed
   *[other] { $at }: { $step }
}
notice-receipt = Receipt { $number } for service order { $order }
notice-receipt-file = The PDF of receipt { $number }
notice-receipt-went = Receipt { $number } went to the billing contact by direct message and e-mail. Billing contacts find it again with /billing receipts.
notice-not-bought = Not bought, not charged:
notice-quote = Quote { $number }
notice-quote-arrived = Quote { $number } waits for your decision
notice-quote-reminder = Quote { $number } expires on { $until }
notice-quote-valid = Valid until { $until }
notice-quote-decided = { $decision ->
    [accepted] Quote { $number } was accepted
    [rejected] Quote { $number } was rejected
    [replaced] Quote { $number } was replaced
    [accepted_elsewhere] Quote { $number } was accepted outside Slack
    [rejected_elsewhere] Quote { $number } was rejected outside Slack
    [pending] Quote { $number }
   *[expired] Quote { $number } has expired
}
notice-quote-decision = { $decision ->
    [accepted] Accepted by { $by } on { $at }: service order { $order }
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
notice-digest = { $count ->
    [one] Your digest for { $account }: 1 notice
   *[other] Your digest for { $account }: { $count } notices
}
notice-digest-line = • { $at }: { $what }
notice-digest-why = You chose to get these once a day.
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

## Receipt
receipt-list-title = Receipts
receipt-list = Receipts of *{ $account }*, the newest first. The PDF comes to you by direct message.
receipt-list-empty = *{ $account }* has no receipts yet. A receipt is made when a service order is completed.
receipt-list-more = Older ones
receipt-sent-done = Receipt { $number } is on its way to you.
receipt-sent = It comes to you by direct message in a moment, with the PDF. Where Slack cannot deliver it, it goes to { $email }.
receipt-title = Receipt { $number }
receipt-heading = Receipt
receipt-paid = Paid
receipt-seller = Seller
receipt-buyer = Billed to
receipt-number = Receipt number
receipt-date = Date
receipt-order = Service order
receipt-quote = Quote
receipt-column-product = Product
receipt-column-seats = New seats
receipt-column-period = Period
receipt-column-amount = Amount
receipt-column-tax = Tax
receipt-price = { price-per-seat }, prorated
receipt-since = from { $day }
receipt-until = to { $day }
receipt-subtotal = Subtotal
receipt-tax = Tax
receipt-total = Total
receipt-card = Paid on { $day } with { $brand } ending in { $last4 }
receipt-page-of = Page { $page } of { $pages }

## Receipt mail
mail-receipt-subject = Receipt { $number } for service order { $order }
mail-receipt-thanks = Your service order { $order } is completed. This is its receipt.
mail-receipt-attached = The receipt is attached as a PDF.
mail-receipt-number = Receipt: { $number }
mail-receipt-date = Date: { $day }
mail-receipt-account = Account: { $account }
mail-receipt-address = Billing address:
mail-receipt-order = Service order: { $order }, from quote { $quote }
mail-receipt-placed = Placed by { $name } on { $day }
mail-receipt-admin = Admin contact: { $name }, { $email }
mail-column-product = Product
mail-column-seats = New seats
mail-column-amount = Amount
mail-column-tax = Tax
mail-why = Slack could not deliver this message to you, so it comes by e-mail.
