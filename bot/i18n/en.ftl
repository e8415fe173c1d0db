### What people read, in English. Grouped by the feature that the screen or message is about.
### We are the service, you are the reader. British spelling, sentence case; buttons are verbs.

## Everywhere
close = Close
back = Back
go-back = Go back
previous-page = Previous page
next-page = Next page
page-of = Page { $page } of { $count }
show-older = Show older
list-item = • { $text }
someone = a colleague
and-more = and { $count } more
count-more = { $count } more
account-name = *{ $account }*
account-services-name = Account Services
seat-count = { $seats ->
    [one] { $seats } seat
   *[other] { $seats } seats
}
new-seat-count = { $seats ->
    [one] { $seats } new seat
   *[other] { $seats } new seats
}
period-length = { $count ->
    [1] { $unit ->
        [day] per day
        [week] per week
        [year] per year
       *[month] per month
    }
   *[other] { $unit ->
        [day] every { $count } days
        [week] every { $count } weeks
        [year] every { $count } years
       *[month] every { $count } months
    }
}
labelled-amount = { $label }: { $amount }
price-per-seat = { $price } per seat { $period }
price-per-package = { $price } per { $count } seats { $period }{ $counted ->
    [full] {" "}(partial packs of { $count } aren’t billed)
   *[started] {" "}(billed per started pack of { $count })
}
price-in-words = { $scheme ->
    [graduated] tiered price { $period }: each seat costs the price of its tier
    [volume] tiered price { $period }: the number of seats sets the price of all of them
    [usage] billed by usage { $period }
   *[other] price shown on your quote
}
price-including-tax = { $price }, including tax
price-per-period = { $total } { $period }
billing-address = Billing address
pending-quotes = Pending quotes
service-order = Service order
service-orders = Service orders
receipts = Receipts
quote = Quote
quote-number = Quote { $number }
service-order-number = Service order { $number }
admin-contact = Admin contact: { $name }, { $email }

## Actions
add-seats = Add seats
action-back-to-cart = Back to cart
action-back-to-checkout = Back to checkout
action-review-quote = Review
action-review-quote-label = Review quote { $number }
action-view-quote = View quote
action-continue-quote = Continue with { $number }
action-approve-quote = Approve
action-approve-quote-label = Approve quote { $number }
action-reject-quote = Reject
action-reject-quote-label = Reject quote { $number }
action-send-quote = Get PDF
action-send-quote-label = Get PDF of quote { $number }
action-ask-for-extension = Ask for more time
action-ask-for-extension-label = Ask for more time for quote { $number }
action-approve-extension = Extend validity
action-approve-extension-label = Extend validity of quote { $number }
action-decline = Decline
action-decline-extension-label = Decline the extension of quote { $number }
action-view-quotes = View pending quotes
action-view-quotes-count = { $count ->
    [0] { action-view-quotes }
   *[other] { action-view-quotes } ({ $count })
}
action-view-order = View service order
action-view-order-label = View service order { $number }
action-repeat-order = Order again
action-repeat-order-label = Order again as in service order { $number }
action-view-orders = View service orders
action-view-receipts = View all receipts
action-export-receipts = Email receipts for a period
action-send-receipt = Send me the PDF
action-send-receipt-label = { $kind ->
    [invoice] { $count ->
        [one] Send me the PDF of invoice { $number }
       *[other] Send me the PDF of invoices { $number }
    }
   *[receipt] Send me the PDF of receipt { $number }
}
action-manage-payment-methods = Manage payment methods
action-manage-contacts = Manage contacts
action-invite-contact = Invite a colleague
action-withdraw-contact = Remove
action-withdraw-contact-label = Remove { $name }
action-cancel-invitation = Cancel invitation
action-cancel-invitation-label = Cancel invitation of { $name }
action-accept-invitation = Accept
action-accept-invitation-label = Accept the invitation to become a billing contact for { $account }
action-decline-invitation-label = Decline the invitation to become a billing contact for { $account }
action-manage-notifications = Manage notifications
action-contact-services = Contact Account Services
action-view-billing = View billing
action-confirm-payment = Confirm payment
action-confirm-payment-label = Confirm payment for { $product }
action-change = Change
action-change-admin-label = Change the admin contact
action-change-method-label = Change the payment method
action-change-po-number-label = Change the purchase-order number
action-change-address-label = Change the billing address
action-open-invoice = View and pay
action-open-invoice-label = View and pay invoice { $number }
action-pay-invoice = Pay invoice
action-view-invoice = View invoice
action-retry = Try again
action-retry-label = Try again: service order { $number }
action-cancel-seats = Cancel declined seats
action-cancel-seats-label = Cancel declined seats of service order { $number }
action-for-account = { $action }: { $account }

## Cart
cart-submit = Save cart and review
cart-intro =
    {"*"}Add seats to { $account }*
    Enter how many seats to *add*, up to { $most } per subscription. Leave blank or enter 0 for none. You won’t be billed yet: after you save, you’ll see the prices and your new totals.
cart-seats = { $product }: seats to add
cart-hint = Currently { seat-count } · { $price } · current period runs through { $until }
cart-hint-typed = Currently { seat-count }, { $after } after adding { $typed } · { $price } · current period runs through { $until }
cart-not-orderable = *{ $product }*{ $has_seats ->
    [yes] {" "}· currently { seat-count }
   *[no] {""}
}
cart-resume = *You’ve already started an order.* Pick up where you left off:
cart-resume-quote = Quote { $number } from this cart is pending, valid { validity }. Save without changes to return to it. If you change the numbers, a new quote replaces it.
cart-page = { page-of }. Your entries are kept when you switch pages.
cart-repeat = { $has_seats ->
    [yes] These are the seats from service order { $number }. Check the numbers before you save the cart.
   *[no] Nothing from service order { $number } can be ordered again.
}
cart-repeat-missing = { $product }, { seat-count }: not filled in. { $reason }
cart-repeat-kept = Still in your cart from before: { $seats }. If you don’t want them in this order, clear their numbers.
cart-repeat-replaced = These numbers replace the ones that were in your cart: { $seats }.
cart-choose-title = Select an account
cart-choose = You’re a billing contact for several accounts. Which one do you want to use?
cart-choose-button = Select
cart-choose-label = Select { $account }
cart-choose-more = { $count ->
    [one] { $count } more account isn’t shown here. Contact Account Services to use it.
   *[other] { $count } more accounts aren’t shown here. Contact Account Services to use one of them.
}
cart-warning = { $count ->
    [one] You have a pending quote. Approve or reject it before you order more seats.
   *[other] You have { $count } pending quotes. Approve or reject them before you order more seats.
}
cart-warning-changed = Your pending quotes have changed in the meantime. Nothing was replaced. Check them before you continue.
cart-warning-replace = { $count ->
    [one] If you continue anyway, the quote above expires as soon as you save your cart, and your new quote replaces it.
   *[other] If you continue anyway, the quotes above expire as soon as you save your cart, and your new quote replaces them.
} *Replaced quotes can’t be restored, even if you abandon the new order.* If you abandon it, its quote stays pending.
cart-continue = Continue and replace
cart-continue-ask = { $count ->
    [one] Replace the pending quote?
   *[other] Replace { $count } pending quotes?
}
cart-continue-consequence = { $count ->
    [one] It expires when you save your new cart.
   *[other] They expire when you save your new cart.
} Replaced quotes can’t be restored, even if you abandon the new order.
cart-continue-yes = Continue
cart-not-eligible-title = Can’t add seats

## Quote
quote-submit = Proceed to checkout
quote-extension-requested = { $by } asked for more time on { $at }, through { $until }. Account Services will decide.
quote-summary =
    {"*"}{ $number }* · { $total }
    { $seats }
    { quote-valid-until }
validity = { $whole ->
    [yes] through { $until }
   *[no] until { $until }
}
quote-valid-until = Valid { validity }
quote-list-intro = { $count ->
    [one] *{ $account }* has one pending quote. Approve it to go to checkout. You won’t be billed until you place the service order.
   *[other] *{ $account }* has { $count } pending quotes. Approve one to go to checkout. You won’t be billed until you place the service order.
}
quote-list-empty = *{ $account }* has no pending quotes. To order seats, type `/add-seats`. To see an earlier quote, type `/quotes` followed by its number.
quote-list-more = { $count ->
    [one] 1 more quote is pending. To open it, type `/quotes` followed by its number:
   *[other] { $count } more quotes are pending. To open one, type `/quotes` followed by its number:
}
quote-list-numbers = { $numbers }
quote-origin = { $origin ->
    [elsewhere] For *{ $account }*. Prepared for you outside Slack and added here on { $on }.
   *[cart] For *{ $account }*. Created by { $by } from a cart on { $on }.
}
quote-pending = *Pending*, valid { validity }.
quote-decided = { $outcome ->
    [accepted] *Accepted* by { $by } on { $at }.
    [accepted-elsewhere] *Accepted outside Slack* on { $at }.
    [rejected] *Rejected* by { $by } on { $at }.
    [rejected-elsewhere] *Rejected outside Slack* on { $at }.
    [replaced] *Expired*: { $by } replaced it with quote { $replaced_by } on { $at }.
   *[expired] *Expired* on { $at }. To order these seats, type `/add-seats`.
}{ $has_order ->
    [yes] {" "}Service order: { $order }.
   *[no] {""}
}{ $has_reason ->
    [yes] {" "}Reason: { $reason }
   *[no] {""}
}
quote-line =
    {"*"}{ $product }* · { new-seat-count }: { $before } → { $after }
    { $price }, prorated for { $dates }
line-amounts =
    { $amount }{ $has_tax ->
        [yes] {"\u000A"}+ { $tax } tax
       *[no] {""}
    }
quote-total = { $pending ->
    [yes] Total due now
   *[no] Total
}
tax-without-rate = { $treatment ->
    [customer_exempt] Tax (exempt)
    [not_calculated] Tax (not calculated)
    [product_exempt] Tax (exempt)
    [reverse_charge] Tax (reverse charge)
    [zero_rated] Tax (zero-rated)
   *[not_collected] Tax
}
tax-at-rate = { $name } { $rate } on { $taxable }: { $amount }
tax-rate-on = { $name } on { $taxable }
tax-rate-name = { $treatment ->
    [taxed] { $name }{ $has_rate ->
        [yes] {" "}{ $rate }
       *[no] {""}
    }
    [customer_exempt] Exempt
    [not_calculated] Not calculated
    [product_exempt] Exempt
    [reverse_charge] Reverse charge
    [zero_rated] { $name } 0%
   *[not_collected] No tax
}
tax-note = { $treatment ->
    [customer_exempt] No tax: the account is exempt.
    [not_calculated] No tax has been calculated, because the payment provider’s address for the account is incomplete. Account Services can help.
    [product_exempt] No tax: the products are exempt.
    [reverse_charge] Reverse charge: no tax is charged. You account for the tax yourself.
    [zero_rated] Zero-rated: the tax is 0%.
   *[not_collected] No tax is charged.
}
tax-location = Tax is based on the shipping address that the payment provider has for the account, not on the billing address: { $address }
quote-due-now = Charged now
quote-invoiced = To be invoiced
quote-recurring = *From your next renewal*
quote-recurring-line = { price-per-period }: { $net } + { $tax } tax
quote-recurring-scope = Covers all current and new seats of the subscriptions on this quote. Your renewal date stays the same.
quote-recurring-partial = Covers all current and new seats of the subscriptions on this quote that will renew. Their renewal date stays the same.
quote-recurring-short = A subscription on this quote ends in the middle of its next period. Only the part before the end is billed.
quote-recurring-unknown = Some renewals of the subscriptions on this quote have so many items that we can’t tell what they will cost. Account Services can tell you.
quote-not-renewing = None of the subscriptions on this quote will renew, so nothing will be billed later.
quote-reject-title = Reject quote
quote-reject-intro = A rejected quote can’t be restored. The account’s other billing contacts can read your reason.
quote-reject-reason = Reason
quote-reject-hint = Up to { $most } characters.
quote-sent-success = Quote { $number } is on its way to you.
quote-sent = You’ll get a direct message with the PDF in a moment.{ $has_mail ->
    [yes] {" "}If Slack rejects the file, we’ll email it to { $email }.
   *[no] {""}
} Forward it to the person who pays.
quote-file-buyer = Prepared for
quote-file-number = Quote number
quote-file-until = Valid through
quote-file-status = { $status ->
    [pending] Offer
    [accepted] Accepted
    [rejected] Rejected
   *[expired] Expired
}
quote-file-seats = Total seats: { $before } → { $after }
quote-file-due = Charged when ordered
quote-file-invoiced = Invoiced when ordered
quote-file-renewal = From the next renewal
quote-file-accept = How to accept this quote
quote-file-steps = In Slack, a billing contact of { $account } types /quotes { $number }, approves the quote and places the service order. Nothing is billed before that.
quote-file-terms = These prices apply { validity }. Account Services can help: { $url }
extension-title = Quote validity
extension-request-intro = Account Services will decide. The prices on the quote stay the same, and its reminders follow the new date.
extension-request-submit = Send request
extension-until-hint = { $until } at the latest: the prices cover billing periods, and the first of them ends then.
extension-request = { $by } asked on { $at } for the quote to stay valid through { $until }.{ $has_reason ->
    [yes] {" "}Reason: { $reason }
   *[no] {""}
}
extension-latest = It can be extended through { $until } at the latest.
extension-lapsed = There’s nothing left to decide: the quote is no longer pending.
extension-ended = { $by } asked for more time on { $at }. That request ended with the quote.
extension-undelivered = { $withdrawn ->
    [yes] It couldn’t be posted in their channel, so it was withdrawn. Contact them about this quote, or ask again later.
   *[no] It can’t be posted in their channel. We’ll keep trying for a day; if it’s urgent, contact them.
}
extension-decision = { $status ->
    [approved] Extended by { $by } on { $at }: the quote is valid through { $until }.
   *[declined] Declined by { $by } on { $at }.
}{ $has_reason ->
    [yes] {" "}Reason: { $reason }
   *[no] {""}
}
extension-decision-intro = Quote *{ $number }* for *{ $account }* is valid { validity }.
extension-prices-stay = Its prices stay the same if you extend it.
extension-decline-reason = Reason for declining
extension-approve-title = Extend quote
extension-approve-submit = Extend
extension-decline-title = Decline extension
extension-decided = { $status ->
    [approved] Quote *{ $number }* for *{ $account }* is now valid through { $until }. Its billing contacts are being notified.
   *[declined] You declined the extension of quote *{ $number }* for *{ $account }*. Its validity stays the same, and its billing contacts are being notified.
}

## Checkout
checkout-title = Checkout
checkout-submit = Save and continue
checkout-intro =
    {"*"}Quote { $number } for { $account }*
    { $payment ->
        [invoice] Total:
       *[other] Total due now:
    } *{ $total }*. Check the details below. You can review everything before you place the service order.
checkout-administrator = Admin contact
checkout-administrator-hint = An administrator from GoTo Admin Centre (classic), or a new one. We’ll assign them one of the new seats of each product, unless they already have one.
checkout-admin-new = New administrator
checkout-admin-name = New administrator’s name
checkout-admin-email = New administrator’s email
checkout-payment-method = Payment method to charge
checkout-method-hint = For this order only. To add another one or change the default, use “Manage payment methods”.
checkout-methods-usual = Each subscription’s usual payment method
checkout-methods-differ =
    {"*"}Your subscriptions are paid with different payment methods.*
    { $methods }
checkout-invoice = *Paid by invoice:* { $products }. You’ll get { $count ->
    [one] an invoice
   *[other] { $count } invoices
}, { invoice-term }. No payment method is used for it.
invoice-term = { $has_days ->
    [yes] { $differ ->
        [yes] the first{" "}
       *[no] {""}
    }{ $days ->
        [0] due on receipt
        [one] due within 1 day
       *[other] due within { $days } days
    }
   *[no] due on the date it states
}
checkout-line1 = Address line 1
checkout-line2 = Address line 2
checkout-postal-code = { $kind ->
    [eircode] Eircode
    [pin] PIN code
    [zip] ZIP code
   *[postal] Postal code
}
checkout-po-number = Purchase-order number
checkout-po-number-hint = Your company’s own number for this order. { $payment ->
    [invoice] It’s printed on the invoice and the order confirmation.
    [both] It’s printed on the receipt and the invoice.
   *[charge] It’s printed on the receipt.
}
checkout-city = { $kind ->
    [district] District
    [post_town] Post town
    [suburb] Suburb
   *[city] City
}
checkout-state = { $kind ->
    [area] Area
    [county] County
    [department] Department
    [district] District
    [do_si] Do or Si
    [emirate] Emirate
    [island] Island
    [oblast] Oblast
    [parish] Parish
    [prefecture] Prefecture
    [state] State
   *[province] Province
}
checkout-country = Country

## Payment method
payment-method-type = { $type ->
    [acss_debit] Canadian pre-authorized debit
    [au_becs_debit] BECS Direct Debit
    [bacs_debit] Bacs Direct Debit
    [cashapp] Cash App Pay
    [customer_balance] Bank transfer
    [ideal] iDEAL
    [invoice] Invoice
    [kr_card] Korean card
    [not_shown] a payment method that the payment provider doesn’t disclose
    [nz_bank_account] New Zealand BECS Direct Debit
    [other] Another payment method
    [paid_elsewhere] Paid outside the payment provider
    [payto] PayTo
    [paypal] PayPal
    [sepa_debit] SEPA Direct Debit
    [twint] TWINT
    [upi] UPI
    [us_bank_account] ACH Direct Debit
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
payment-method-card = { $brand }
payment-method-charged = { $name }{ $has_bank ->
    [yes] , { $bank }
   *[no] {""}
}{ $has_last4 ->
    [yes] {" "}ending in { $last4 }
   *[no] {""}
}{ $has_email ->
    [yes] {" "}({ $email })
   *[no] {""}
}{ $has_wallet ->
    [yes] {" "}({ $wallet })
   *[no] {""}
}
payment-method-of-product = { $product }: { $method }
payment-method = { $method }{ $state ->
    [expired] , expired { $expiry }
    [manual] , expires { $expiry }, not automatic
    [unsupported] , can’t be charged for seats ordered here
    [undated] {""}
   *[usable] , expires { $expiry }
}{ $default ->
    [yes] , default
    [own] , for { $products }
    [both] , default and for { $products }
   *[no] {""}
}
payment-method-declined = { $method }, declined
payment-method-none = You don’t have a valid automatic payment method. Use “Manage payment methods” to add one.

## Placing a service order
placement-submit = Place service order
placement-intro =
    {"*"}Service order for { $account }*, from quote { $number }
    { $payment ->
        [invoice] Check the details below. Nothing is ordered until you place the service order.
       *[other] Check the details below. You won’t be charged until you place the service order.
    }
placement-replaced = Your billing address changes the tax, so quote { $number } has replaced { $replaced }. The new total is { $total }.
placement-part = { $part ->
    [seats] the seats or their price
    [administrator] the admin contact
    [method] how it’s paid
    [po_number] the purchase-order number
   *[address] the billing address
}
placement-admin =
    {"*"}Admin contact*
    { $name }, { $email }
    { $takes ->
        [yes] Gets one of the new seats of { $products }.
       *[no] Already has a seat of each product, so won’t use one of the new seats.
    }
    { $free ->
        [0] No new seats left to assign to others.
        [one] { $free } new seat left to assign to others.
       *[other] { $free } new seats left to assign to others.
    }
placement-method =
    {"*"}Payment method*
    { $method }
placement-po-number =
    {"*"}Purchase-order number*
    { $has_number ->
        [yes] { $number }
       *[no] None
    }
placement-address = *{ billing-address }*
placement-address-overwritten = The payment provider has a different address: { $address }. Placing the order replaces it with the one above.
email-or-message = { $has_mail ->
    [yes] email
   *[no] direct message
}
placement-consequence = By placing this service order, you accept quote { $number } and { $payment ->
    [invoice] will get { invoices-for-amount }, { invoice-term }
    [both] will be charged { $total } and get { invoices-for-amount }, { invoice-term }
   *[charge] will be charged { $total }
}. Processing can take up to 24 hours. { $payment ->
    [charge] We’ll send you a confirmation with the receipt by { email-or-message }.
   *[other] We’ll send you a confirmation with { the-invoices } by { email-or-message }.
}
invoices-for-amount = { $count ->
    [one] an invoice for { $invoiced }
   *[other] { $count } invoices for { $invoiced } in total
}
the-invoices = { $count ->
    [one] the invoice
   *[other] the invoices
}
placed-title = Service order placed
placed-success = Service order { $number } has been placed.
placed-next = { $overdue ->
    [yes] {""}
   *[no] { order-promise }{" "}
}You can close this window: { $has_channel ->
    [yes] updates are posted to your account’s channel.
   *[no] we’ll send you updates by direct message.
} Once the order is completed, we’ll send { $payment ->
    [invoice] { the-invoices }
    [both] the receipt and { the-invoices }
   *[charge] the receipt
} by { email-or-message } to { $name }{ $has_mail ->
    [yes] , { $email }
   *[no] {""}
}.

## Service order
order-status = { $status ->
    [placed] Placed
    [processing] Processing
    [action_needed] Action needed
    [completed] Completed
   *[failed] Failed
}
order-promise = Processing can take up to 24 hours, until { $by } at the latest.
service-order-placed = *Placed.*{ $overdue ->
    [yes] {" "}{ order-was-due }
   *[no] {" "}{ order-promise }
}
service-order-processing = *Processing.*{ $overdue ->
    [yes] {" "}{ order-was-due }
   *[no] {" "}{ order-promise }
}
order-was-due = This was due by { $by }.
service-order-completed = *Completed* on { $at }.{ $some_declined ->
    [yes] {" "}Declined and not billed: { $products }. Account Services can help.
   *[no] {""}
}
service-order-failed = *Failed* on { $at }. { order-nothing-billed }
order-nothing-billed = Nothing was billed and no seats were added. Account Services can help.
service-order-overdue = This is taking longer than the promised 24 hours. There’s no need to order again. Account Services can help.
service-order-decision = *We need your decision.* Try the declined seats again{ $differ ->
    [yes] , the first by { $until },
   *[no] {" "}by { $until }
} at the same price, or cancel them{ $has_others ->
    [yes] {" "}to complete the rest of the order
   *[no] {""}
}.
service-order-confirmation = *We need your confirmation.* { $count ->
    [one] Your bank needs you to confirm the payment by { $until }. Otherwise, it will be declined.
   *[other] Your bank needs you to confirm the payments{ $differ ->
        [yes] , the first by { $until }
       *[no] {" "}by { $until }
    }. Otherwise, they will be declined.
}
service-order-details =
    {"*"}Account:* { $account }
    {"*"}Quote:* { $quote }
    {"*"}Placed:* { $at }, by { $by }
    {"*"}Admin contact:* { $admin }
    {"*"}Payment method:* { $method }
service-order-po-number = *Purchase order:* { $number }
service-order-summary =
    {"*"}{ $number }* · { $needs ->
        [yes] *{ $status }*
       *[no] { $status }
    }
    { $seats }
    Placed { $at }
service-order-list = Service orders for *{ $account }*, newest first.
service-order-list-po-number = Service orders with the purchase-order number *{ $number }*, newest first.
service-order-list-empty = *{ $account }* has no service orders yet. To order seats, type `/add-seats`.
line-seats = *{ $product }* · { new-seat-count }
order-line =
    { line-seats }
    { $explanation }
order-line-waiting = Waiting to be processed.
order-line-queued = Queued behind service order { $order }, which is being processed for the same subscription. We’ll continue automatically.
order-line-charging = Charging.
order-line-settled = Charged and seats added on { $at }.
amount-differs = { $charged } was billed instead of the { $promised } that was promised, because somebody changed the subscription or the account at the same moment. Account Services can explain the difference.
amount-differs-for-product = { $product }: { $difference }
order-line-invoicing = The seats are being added and the invoice is being prepared.
order-line-added = Seats added on { $at }.
invoice-status = { $status ->
    [paid] Invoice { $number } for { $amount } is paid.
    [void] Invoice { $number } for { $amount } was cancelled: there’s nothing to pay.
    [uncollectible] Invoice { $number } for { $amount } was written off by the seller.
    [overdue] Invoice { $number } for { $amount } is overdue{ $has_date ->
        [yes] : it was due on { $on }
       *[no] {""}
    }.
   *[due] Invoice { $number } for { $amount } is due{ $has_date ->
        [yes] {" "}on { $on }
       *[no] {""}
    }.
}
order-line-needs-customer = Your bank needs you to confirm the payment by { $until }. Otherwise, it will be declined.
order-line-unconfirmed = Waiting for the payment to be confirmed.
order-line-unknown = The payment provider hasn’t answered yet. We’ll keep checking. You won’t be billed twice, so please don’t order again.
order-line-declined = Declined: { $reason }. Not billed.
order-line-can-retry = You can try again until { $until }.
order-line-cancelled = The seats were cancelled.
order-line-no-retry = You can no longer try again.
line-status = { $status ->
    [waiting] waiting
    [charging] charging
    [settled] charged, seats added
    [declined] declined
    [needs_customer] waiting for the payment to be confirmed
   *[unknown] waiting for the payment provider
}
line-invoicing = { $status ->
    [charging] the invoice is being prepared
   *[settled] seats added, on invoice
}
line-invoiced = seats added, invoice { $number } { $status ->
    [paid] paid
    [void] cancelled
    [uncollectible] written off
    [overdue] overdue
   *[due] due{ $has_date ->
        [yes] {" "}on { $on }
       *[no] {""}
    }
}
line-queued = queued behind service order { $number }
line-declined = declined: { $reason }
decline-card-declined = the card was declined
decline-customer-timeout = the payment wasn’t confirmed in time
decline-never-received = the payment didn’t reach the provider
decline-product-changed = the subscription is for a different product now
decline-period-ended = the subscription’s period ended before the order was processed
decline-subscription-gone = the subscription no longer exists
decline-subscription-not-active = the subscription isn’t active with the payment provider
decline-authentication-failed = the bank didn’t accept the payment confirmation
decline-price-changed = the price has changed
decline-price-changed-to = the price has changed from { $promised } to { $offered }, including tax
decline-priced-by-usage = the subscription is now billed by usage and has no seats to order
decline-billed-with-usage = the subscription is now billed together with usage, which would be billed too early or lost
decline-balance-due = an earlier balance of the account would be billed too
decline-balance-due-to = with an earlier balance of the account, { $offered } would be billed instead of { $promised }
decline-unrelated-charges = other pending items on the subscription would be billed too
decline-unrelated-charges-to = with other pending items on the subscription, { $offered } would be billed instead of { $promised }
decline-tiers-preview-incomplete = the price has so many tiers that the payment provider doesn’t show all of it
decline-preview-incomplete = so many other items on the subscription are waiting to be invoiced that its price can’t be checked
decline-price-archived = seats are no longer sold at this price
decline-paid-by-invoice = the subscription is paid by invoice now, so no payment method can be charged
decline-not-paid-by-invoice = the subscription is no longer paid by invoice
decline-invoice-not-allowed = the account may no longer order on invoice
decline-subscription-in-trial = the subscription is in trial, so nothing can be billed
decline-subscription-past-due = the subscription has an unpaid invoice
decline-subscription-paused = the subscription is paused
decline-collection-paused = payments for the subscription are paused
decline-sold-by-provider = the subscription is sold by the payment provider
decline-subscription-just-started = the subscription’s first period is shorter than a day
decline-billed-ahead = the subscription has been billed in advance
decline-currency-converted = the payment provider would bill in a different currency, at its own exchange rate
decline-change-scheduled = a scheduled change to the subscription would undo the order
decline-other-currency = the subscription is billed in a different currency from the account
decline-tax-location-invalid = the tax can’t be calculated for the account’s address
decline-customer-gone = the payment provider no longer has this account
decline-method-gone = the payment provider no longer has this payment method
decline-method-not-accepted = the subscription doesn’t accept this type of payment method
decline-provider-error = the payment provider had a problem and billed nothing
decline-provider-refused = the payment provider refused the order
decline-unknown = no reason was given
decline-seats-changed = the number of seats changed in the meantime
decline-with-code = the payment provider refused the order ({ $reason })
receipt-issued = *{ document-name }*, { $day }
provider-receipt = { $kind ->
    [invoice] Invoice { $number }
   *[receipt] Payment provider’s receipt { $number }
}: <{ $page }|view> or <{ $pdf }|download PDF>
retry-intro = These seats of service order { $number } were declined. Try again at the same price, with the payment method you choose:
retry-intro-invoice = These seats of service order { $number } were declined. Try again at the same price, on invoice:
cancel-seats-ask = Cancel the declined seats?
cancel-seats-consequence = The declined seats of service order { $number } won’t be billed, and you won’t be able to try them again. Seats that were already added stay.
cancel-seats-yes = Cancel seats

## History
history-title = *History*
history-older = { $count ->
    [one] 1 earlier entry
   *[other] { $count } earlier entries
}
history-whole = View full history
history-page-previous = Show earlier entries
history-page-next = Show later entries
history-day = *{ $day }* ({ $zone })
history-entry = { $at } · { $what } · { $who }{ $has_reason ->
    [yes] {" "}({ $reason })
   *[no] {""}
}
history-by-scheduler = Seatbot
history-by-provider = Payment provider
history-other = { $number } changed
history-quote-made = Quote { $number } created
history-quote-replaced = Quote { $number } replaced
history-quote-accepted = Quote { $number } accepted
history-quote-rejected = Quote { $number } rejected
history-quote-expired = Quote { $number } expired
history-quote-extension-requested = Extension of quote { $number } requested
history-quote-extended = Validity of quote { $number } extended
history-quote-extension-moved = Extension request moved to quote { $number }
history-quote-extension-declined = Extension of quote { $number } declined
history-service-order-placed = Order placed
history-service-order-processing = Processing started
history-service-order-completed = Order completed
history-service-order-failed = Order failed
history-service-order-retried = { $product } tried again
history-service-order-given-up = Declined seats cancelled
history-service-order-overdue = Order overdue
history-service-order-seat-assigned = Seat assigned to the admin contact
history-line = { $product }: { line-status }{ $has_method ->
    [yes] {" "}({ $method })
   *[no] {""}
}
history-line-on-invoice = { $product }: { $status ->
    [settled] seats added, invoice { $number }
    [charging] the invoice is being prepared
   *[other] { line-status }
}
history-invoice = Invoice { $number } { $status ->
    [paid] paid
    [void] cancelled
    [uncollectible] written off
    [overdue] overdue
   *[due] due
}
history-reason-address-changes-tax = the billing address changes the tax

## Account
account-title = Billing
account-header = { $account }
account-subscriptions = { $count ->
    [0] *Subscriptions:* none yet
    [one] *Subscription*
   *[other] *{ $count } subscriptions*
}
account-subscription =
    {"*"}{ $product }*{ $has_seats ->
    [yes] {" "}· { seat-count }
   *[no] {""}
    } · { $price }{ $has_blocks ->
    [yes] {" "}(including { $blocks })
   *[no] {""}
    }
    { $renewal ->
    [total] Renews on { $renews } at { $total } before tax
    [date] Renews on { $renews }
   *[none] Current period runs through { $last_day }
    }{ $orderable ->
    [yes] {""}
    [unlisted] {" "}· not set up to be ordered here
   *[no] {" "}· contact Account Services to add seats
    }
account-renewals = Next renewals total { $totals }, before tax.
upcoming-trial = In trial{ $has_until ->
    [yes] {" "}until { $until }
   *[no] {""}
}
upcoming-standing = { $standing ->
    [past_due] An invoice is unpaid
   *[paused] Paused
}
upcoming-ends = Ends on { $on } and won’t renew after that
upcoming-collection-paused = Payments are paused{ $has_until ->
    [yes] {" "}until { $until }
   *[no] {""}
}
upcoming-billed-ahead = Already billed through { $last }
upcoming-currency-converted = Billed in { $currency }, converted by the payment provider
upcoming-change-scheduled = { $change ->
    [price] A change scheduled for { $on } sets a different price for { seat-count }
    [removed] A change scheduled for { $on } removes the product from the subscription
    [unknown] A change to the subscription is scheduled for { $on }
   *[seats] A change scheduled for { $on } sets the subscription to { seat-count }
}
upcoming-sold-by-provider = Sold by the payment provider
upcoming-orderable-from = Seats can be ordered from { $at }
upcoming-update-pending = Another change is pending until it’s paid, or until { $until }
upcoming-paid-by-invoice = Paid by invoice, { invoice-term }
upcoming-discount = Discount{ $has_name ->
    [yes] {" "}“{ $name }”
   *[no] {""}
}{ $known ->
    [percent] {":"} { $percent } off
    [amount] {":"} { $amount } off
   *[none] {""}
}{ $has_until ->
    [yes] {" "}until { $until }
   *[no] {""}
}
account-block = { $seats } at { $price }
account-portal = { $portal ->
    [admin] *Default billing portal: GoTo Admin.* View invoices, accept quotes, manage subscriptions, and view and update billing information.
   *[corporate] *Default billing portal: Corporate Billing Portal.* View subscriptions, quotes, service orders and receipts. Opening it doesn’t change anything.
}
account-open-portal = { $portal ->
    [admin] Open GoTo Admin
   *[corporate] Open billing portal
}
account-methods = *Payment methods.* To add or update one, or change the default, use “Manage payment methods”. It takes you to GoTo Admin, and we’ll tell you first what that changes.
account-methods-none = *Payment methods:* none yet. { $some_invoiced ->
    [yes] To order seats that aren’t paid by invoice,
   *[no] To order seats,
} you need a credit or debit card as your default automatic payment method. To add one, use “Manage payment methods”. It takes you to GoTo Admin, and we’ll tell you first what that changes.
account-invoices = *Invoices to pay*
account-receipts = *Recent receipts*
account-receipts-none = *Receipts:* none yet. You’ll get one when a service order is completed.
account-receipt = { $number } · { $day } · { $total } · service order { $order }
account-contacts = *Billing contacts*
account-contact = • { $name }, { $email }
account-services = Can’t do something here? *Account Services* can help.

## Billing contacts
contacts-title = Billing contacts
contacts-intro = Billing contacts for *{ $account }* can order seats, manage payment methods, and see quotes, service orders and receipts. All of them are notified when someone joins or is removed.
contacts-row = *{ $name }*, { $email }{ $own ->
    [yes] {" "}(you)
   *[no] {""}
}
contacts-withdraw-ask = { $own ->
    [yes] Stop being a billing contact?
   *[no] Remove { $name }?
}
contacts-withdraw-consequence = { $own ->
    [yes] You can no longer order seats for the account or see its quotes, service orders and receipts. The other billing contacts are notified.
   *[no] They can no longer order seats for the account or see its quotes, service orders and receipts. They and the other billing contacts are notified.
}
contacts-invitations = *Invitations*
contacts-invitation = *{ $name }*, { $email } · invited by { $by } on { $on } · expires on { $until }
contacts-invite-intro = Your colleague gets a direct message, and becomes a billing contact for *{ $account }* by accepting it. The invitation expires after { $days } days. Billing contacts can order seats at the account’s expense and invite others. The account’s other billing contacts are notified.
contacts-invite-colleague = Colleague
contacts-invite-hint = A full member of your workspace, with an email address in Slack. Guests and apps can’t be billing contacts.
contacts-invite-submit = Send invitation
contacts-result = { $result ->
    [accepted] You’re now a billing contact for *{ $account }*. To order seats, type /add-seats. To see the account, type /billing.
    [declined] You declined the invitation. You’re not a billing contact for *{ $account }*.
   *[left] You’re no longer a billing contact for *{ $account }*.
}

## Portal
portal-title = Payment methods
portal-warning-alert = Payment methods are managed in GoTo Admin. Read what changes before you go there.
portal-warning =
    For *{ $account }*, permanently:
    • GoTo Admin becomes your default billing portal.
    • The Corporate Billing Portal is no longer available to you.
    • Your billing information and permissions stay the same.
    • We’ll notify the account’s other billing contacts. You can still add seats here in Slack.
portal-offers =
    {"*"}What you can do in GoTo Admin*
    • view invoices
    • accept quotes
    • manage subscriptions
    • view and update billing information
portal-switch = Switch to GoTo Admin
portal-switch-ask = Switch to GoTo Admin?
portal-switch-consequence = GoTo Admin becomes your default billing portal, and the Corporate Billing Portal is no longer available to you. You can’t undo this.
portal-switch-yes = Switch
portal-already = GoTo Admin is already the default billing portal for *{ $account }*. The link to the payment methods is just for you: please don’t share it.
portal-show-link = Show link
portal-link = GoTo Admin is now the default billing portal for *{ $account }*. The link to the payment methods is just for you: please don’t share it. When you’re done there, return here to continue.

## Home
home-commands = `/add-seats` to order seats, `/quotes` to view pending quotes, `/service-orders` to track orders, `/billing` for everything about your account.
home-attention = Needs your attention
home-payment-method-none = { $some_invoiced ->
    [yes] To order seats that aren’t paid by invoice, you need a valid automatic payment method. Use “Manage payment methods” to add one.
   *[no] { payment-method-none }
}
home-no-attention = Nothing needs your attention.
home-orders = { $count ->
    [one] *Service order in progress*
   *[other] *{ $count } service orders in progress*
}
home-order-line = • { $product }: { $explanation }
home-payment = *Payment method:* { $method }
home-payment-expires-soon = *Expires soon.* Add another card or update its expiry date now: once it expires, you can’t order seats.
home-help = Can’t do something here? Account Services can help.
home-unlinked =
    {"*"}Welcome!* Billing contacts use Seatbot to order seats for their company’s subscriptions and track service orders.
    You aren’t registered as a billing contact in this workspace. If you should be, ask one of your company’s billing contacts or Account Services to register you with the email address you use in Slack. Then type `/add-seats`.
home-features =
    {"*"}What billing contacts can do*
    • order additional seats, and see the price and new renewal total before buying
    • view pending quotes, and approve or reject them
    • track service orders and get their receipts
    To learn more, type `/add-seats help`.
home-contacts = Billing contacts in this workspace: { $contacts }.

## Notification preferences
notifications-title = Notifications
notifications-submit = Save
notifications-intro = Choose what we send you by direct message, for all your accounts.
notifications-wanted = Send me
notifications-orders = My service orders
notifications-orders-hint = When one is placed, or queued behind another
notifications-receipts = Receipts with PDF
notifications-receipts-hint = You’ll always get them by email too
notifications-decisions = Decisions on quotes
notifications-decisions-hint = Approved or rejected by others, replaced or expired
notifications-reminders = Early quote reminders
notifications-reminders-hint = 7 days and 48 hours before a quote expires
notifications-delivery = When
notifications-at-once = Immediately
notifications-daily = Daily at 9:00 (my time)
notifications-always =
    {"*"}We always send these immediately:* quotes that need your decision and their final reminder (4 hours before they expire), payments that are declined or need confirming, failed or overdue orders, overdue invoices, a change of default portal, and a channel we can’t post to.
    Receipts always come by email. These settings don’t affect your account’s channel.
notifications-saved = Saved. You’ll get these notifications immediately.
notifications-saved-daily = Saved. You’ll get these notifications daily at 9:00.

## Seat history
next-renewals = *Next renewals, before tax*
next-renewal = { $day }: { $total } ({ $products })
spending = *Ordered here in the last { $count } months, including tax: { $total }*
spending-title = Ordered here, including tax
spending-month = { $month }: { $total }{ $count ->
    [0] {""}
   *[other] {" "}({ $products })
}
spending-others = Other products
spending-other-currencies = Ordered in other currencies, including tax: { $totals }
spending-incomplete = There are more receipts than we count here: the oldest aren’t included.
seat-history = *{ seat-history-title }*
seat-history-title = How your seats changed
seat-history-seats = Seats
seat-history-first = before
seat-history-line = { $product }: { $steps }
seat-history-before = { seat-count } before
seat-history-since = { seat-count } since { $day }

## Help
help-add-seats =
    {"*"}`/add-seats`* orders additional seats: choose how many to add, review the quote, complete any missing details, and place the service order. You won’t be billed before the last step, and you can go back at every step.
    • `/add-seats webinar 5` starts with 5 new seats of GoTo Webinar
    • `/add-seats webinar 5 training 2` starts with several products
    • `/add-seats webinar` tells you first if you can’t order that product here
    We keep what you enter: if you stop halfway, `/add-seats` takes you back to your cart.
help-quotes =
    {"*"}`/quotes`* shows your pending quotes, so that you can review, approve or reject them. Approving takes you to checkout. You won’t be billed until you place the service order.
    • `/quotes SQ-1001` opens a quote, even one that has been decided
help-service-orders =
    {"*"}`/service-orders`* shows your service orders and their status. Processing can take up to 24 hours.
    • `/service-orders SO-1001` opens one order with its history and receipt
    • `/service-orders PO-4711` finds orders by your purchase-order number
help-billing =
    {"*"}`/billing`* shows your subscriptions and seats, default billing portal, payment methods, receipts and billing contacts.
    • `/billing receipts` lists your receipts, and emails those for a period as PDFs with a spreadsheet
    • `/billing notifications` lets you choose which notifications you get, and when
    • *Open billing portal* takes you to your default portal and doesn’t change anything
    • *Manage payment methods* takes you to GoTo Admin, and we’ll tell you first what that changes

## Loading
loading-title = One moment
loading-text = This is taking a little longer than usual. Your result will appear here shortly.
not-installed = Seatbot isn’t installed in this workspace. Ask your workspace admin to install it.

## Refusal
refusal-tax-location-invalid = We can’t calculate the tax for this billing address. Check the country, state and postal code, then try again. Nothing was changed or bought.
refusal-shipping-location-invalid = We can’t calculate the tax. The payment provider uses the account’s shipping address for it, which is incomplete. Ask Account Services to correct or remove that address. Nothing was changed or bought.
refusal-tax-calculation-failed = The payment provider can’t calculate the tax right now. This isn’t caused by your address. Nothing was changed or bought. Try again in a few minutes. If it keeps happening, contact Account Services.
refusal-title = Can’t do that now
refusal = That isn’t possible.
refusal-account-closed = { $account } is closed, so nothing can be ordered for it.{ $has_reason ->
    [yes] {" "}Reason: { $reason }.
   *[no] {""}
} Account Services can help you.
refusal-account-not-found = We can’t find that account.
refusal-already-billing-contact = { $name } is already a billing contact.
refusal-account-not-self-served = You can’t order seats for { $account } here.{ $has_reason ->
    [yes] {" "}Reason: { $reason }.
   *[no] {""}
} { $reason_names_services ->
    [yes] Contact them to order seats.
   *[no] Account Services can order them for you.
}
refusal-ambiguous-product = { $has_typed ->
    [yes] “{ $typed }” matches several products: { $products }. Enter the number of seats beside the one you mean.
   *[no] Which product is “{ $number }” for? Enter that number beside the product.
}
refusal-billing-access-denied = Our access to the billing system doesn’t allow this. Nothing was changed or bought, and trying again won’t help. { $has_reference ->
    [yes] Please contact Account Services and quote { $reference }.
   *[no] Please contact Account Services.
}
refusal-billing-busy = The billing system is busy with other requests right now. Nothing was changed or bought. Try again in a minute.
refusal-subscription-product-changed = One of these subscriptions is for a different product now, so these prices no longer apply. Nothing was changed or bought. To order seats of the product it has now, type /add-seats.
refusal-billing-period-ended = A billing period of one of these subscriptions has just ended, so these prices no longer apply. Nothing was changed or bought. To order seats in the new period, type /add-seats.
refusal-billing-request-rejected = The billing system refused this request. Nothing was changed or bought. { $has_reference ->
    [yes] Please contact Account Services and quote { $reference }.
   *[no] Please contact Account Services.
}
refusal-billing-system-failed = The billing system is having problems on its side. Nothing was changed or bought. Try again in a few minutes.
refusal-billing-unavailable = The billing system isn’t responding right now. Nothing was changed or bought. Try again in a few minutes.
refusal-colleague-not-confirmed = Slack hasn’t confirmed who that is, so nobody was invited. Try again in a moment, or choose someone else.
refusal-contact-already-withdrawn = { $has_by ->
    [yes] { $by } already removed { $name } on { $at }.
   *[no] { $name } is no longer a billing contact.
}
refusal-contact-email-missing = { $name } has no email address in Slack, and billing contacts get their receipts by email. Once there’s an address in their Slack profile, try again.
refusal-contact-email-taken = { $name } has the same email address in Slack as { $other }, who is already a billing contact. Each needs an address of their own.
refusal-contact-not-eligible = { $name } can’t be a billing contact. Only full, active members of the account’s workspace can, not guests, apps or people from elsewhere.
refusal-contact-not-found = We can’t find that billing contact.
refusal-checkout-incomplete = This quote’s checkout is incomplete, or some of its details are no longer valid. Check the admin contact, payment method and billing address again.
refusal-customer-not-found = The payment provider doesn’t have { $account }: it was never linked, or it was deleted there. Nothing was changed or bought. Account Services can help.
refusal-empty-order = Enter how many seats to add for at least one subscription.
refusal-extension-decided = { $status ->
    [approved] { $by } has already extended quote { $number } through { $until }, on { $at }. There’s nothing left to decide.
   *[declined] { $by } has already declined the extension of quote { $number }, on { $at }. There’s nothing left to decide.
}
refusal-extension-impossible = Quote { $number } can’t be valid for longer: its prices cover billing periods, and the first of them ends on { $period_end }. Place the order before then, or make a new quote with /add-seats.
refusal-extension-lapsed = Quote { $number } is no longer pending, so there’s nothing left to decide. { $outcome ->
    [accepted] It was accepted by { $by } on { $at }.
    [accepted-elsewhere] It was accepted outside Slack on { $at }.
    [rejected] It was rejected by { $by } on { $at }.
    [rejected-elsewhere] It was rejected outside Slack on { $at }.
    [replaced] It was replaced with quote { $replaced_by } by { $by } on { $at }.
   *[expired] It expired on { $at }.
}
refusal-extension-not-found = We can’t find that extension request.
refusal-extension-pending = { $by } has already asked for more time for quote { $number }, through { $until }, on { $at }. Account Services will decide.
refusal-extension-too-long = The quote can’t be valid for that long: its prices cover billing periods, and the first of them ends after { $last }. Choose { $last } or an earlier day.
refusal-extension-too-short = The quote is already valid through { $until }. Choose a later day.
refusal-extension-unavailable = Quotes can’t be extended here. Ask Account Services for more time.
refusal-purchase-order-number-required = Your account needs a purchase-order number with every order.
refusal-card-number-typed = This looks like a card number, which must not be stored. If it’s your purchase-order number, type PO right before it.
refusal-field-required = Fill in this field.
refusal-field-too-long = That’s too long. The maximum is { $most } characters.
refusal-forbidden-transition = You can no longer do that, because something has changed in the meantime. Check the current status.
refusal-identity-not-fresh = Slack hasn’t confirmed your identity in the last hour, so nothing was changed. Try again in a moment.
refusal-invalid-amount = { $amount } isn’t a valid amount in { $currency }.
refusal-invitation-closed = { $status ->
    [accepted] { $by } already accepted this invitation on { $at }.
    [declined] { $by } already declined this invitation on { $at }.
    [cancelled] { $by } cancelled this invitation on { $at }. If you still need it, ask a billing contact for a new one.
   *[lapsed] { $name }’s invitation has expired. Ask a billing contact for a new one.
}
refusal-invitation-not-found = We can’t find that invitation.
refusal-invitation-pending = { $by } already invited { $name } on { $at }. The invitation can be accepted until { $until }.
refusal-last-billing-contact = { $name } is the only billing contact for { $account }. Without one, nobody could use the account. Invite a colleague first, and wait until they’ve accepted.
refusal-invalid-input = Check what you entered.
refusal-no-automatic-payment-method = To order seats, the account needs a valid payment method, such as a credit or debit card, that is its default and can be charged automatically. Use “Manage payment methods” to add or choose one.
refusal-not-a-billing-contact = Only an account’s billing contacts can add seats or view its quotes, service orders and receipts. { $has_contacts ->
    [yes] Ask one of them: { $contacts }.
   *[no] Ask Account Services who they are.
}
refusal-not-allowed = This isn’t available to you. If you need seats or billing information, ask a full member of this workspace.
refusal-not-an-email = { $has_typed ->
    [yes] “{ $typed }” isn’t an email address. Enter one such as name@example.com.
   *[no] Enter an email address, such as name@example.com.
}
refusal-nothing-to-order = You can’t add seats to any of { $account }’s subscriptions here. Account Services can help.
refusal-nothing-to-retry = { $outcome ->
    [retried] { $by } tried the declined seats of service order { $number } again on { $at }. To see the current status, type /service-orders { $number }.
    [given_up] { $by } cancelled the declined seats of service order { $number } on { $at }. They won’t be billed. To order seats, type /add-seats.
   *[over] Nothing in service order { $number } can be tried again or cancelled now: the time to do so has passed. Account Services can help.
}
refusal-order-changed = { $has_parts ->
    [yes] This order has changed since you opened this screen: { $parts }. Nothing has been ordered. Check the details, then place it again.
   *[no] This screen was opened before the app was updated. Nothing has been ordered. Check the details, then place the order again.
}
refusal-order-not-found = { $has_number ->
    [yes] We can’t find service order { $number }. To see yours, type /service-orders.
   *[no] We can’t find that service order. To see yours, type /service-orders.
}
refusal-currency-mismatch = One of these subscriptions is billed in a different currency from the account, so we can’t quote a price for its seats. Nothing was changed or bought. Account Services can order these seats for you.
refusal-subscription-paid-by-invoice = { refusal-subject } is paid by invoice, and your account isn’t set up to order seats that way here. Nothing was changed or bought. Account Services can order these seats for you, or set it up.
refusal-invoice-not-found = We can’t find that invoice. To see what’s left to pay, type /billing.
refusal-seats-priced-by-usage = { $has_product ->
    [yes] { $product } is
   *[no] One of these subscriptions is
} billed by usage: what you use is paid for afterwards, so there are no seats to order. Account Services can tell you more.
refusal-seats-billed-with-usage = { $has_product ->
    [yes] { $product } is
   *[no] One of these subscriptions is
} billed together with usage. Ordering seats here would bill that usage early, or lose it if the payment fails, so nothing was changed or bought. Account Services can order these seats for you.
refusal-seats-reduce-price = With that many seats, one of these subscriptions would cost less than now, because a lower tier applies. Nothing was changed or bought. Account Services can order these seats for you.
refusal-payment-method-not-usable = That payment method can’t be charged: it was removed, has expired, or isn’t set up for automatic payment. Choose another one.
refusal-payment-method-unsupported = Seats ordered here can’t be charged to { $method }, which is the default. Your subscriptions will continue to be charged to it. To order seats here, use “Manage payment methods” to make a credit or debit card the default, or ask Account Services.
refusal-payment-method-not-accepted = { $has_product ->
    [yes] { $product }
   *[no] This subscription
} can’t be paid with { $method }: it only accepts other types of payment methods. To order seats here, use “Manage payment methods” to make one that it accepts the default, or ask Account Services.
refusal-quoted-price-changed = The price has changed since quote { $number }: it promised { $promised }, and the order would now cost { $now }, including tax. Nothing was ordered, and the quote stays pending. To order at today’s price, change the numbers in your cart and save it again, or ask Account Services.
refusal-quoted-balance-changed = The account’s balance has changed since quote { $number }: it promised { $promised }, and you’d now pay { $now }. Nothing was ordered, and the quote stays pending. To order with today’s balance, change the numbers in your cart and save it again, or ask Account Services.
refusal-unrelated-charges-pending = { $amount } of other items, including tax, is waiting to be invoiced for this subscription and would be billed together with your seats. Nothing was changed or bought. Ask Account Services to invoice or remove it first.
refusal-preview-incomplete = So many other items are waiting to be invoiced for this subscription that we can’t tell what your seats would cost. Nothing was changed or bought. Ask Account Services to invoice or remove them first.
refusal-tiers-preview-incomplete = The price of these seats has so many tiers that the payment provider doesn’t show us what they would cost. Nothing was changed or bought. Account Services can order these seats for you.
refusal-preview-mismatch = The billing system would bill { $billed } for these seats, tax included, but they cost { $expected }: it would also settle something else on this subscription, such as seats that were added without being billed, or a discount that has ended. Nothing was changed or bought. Ask Account Services to settle that first, or order after the next renewal.
refusal-mixed-prices-unsupported = The billing system can’t keep seats at two different prices on one subscription. Nothing was changed or bought. Account Services can order these seats for you.
refusal-product-named-twice = You named { $product } more than once, with { $numbers } seats. Enter the number you want in its field.
refusal-product-not-in-catalogue = { $product } isn’t set up to be ordered here. Account Services can order seats of it for you.
refusal-product-not-self-served = You can’t order additional seats of { $product } here.{ $has_reason ->
    [yes] {" "}Reason: { $reason }.
   *[no] {""}
} { $reason_names_services ->
    [yes] Contact them to order seats.
   *[no] Account Services can order them for you.
}
refusal-quote-not-found = { $has_number ->
    [yes] We can’t find quote { $number }. To see pending quotes, type /quotes.
   *[no] We can’t find that quote. To see pending quotes, type /quotes.
}
refusal-quote-not-pending = Quote { $number } is no longer pending. { $outcome ->
    [accepted] It was accepted by { $by } on { $at }. To see its service order, type /service-orders.
    [accepted-elsewhere] It was accepted outside Slack on { $at }.
    [rejected] It was rejected by { $by } on { $at }. To order seats, type /add-seats.
    [rejected-elsewhere] It was rejected outside Slack on { $at }. To order seats, type /add-seats.
    [replaced] It was replaced with quote { $replaced_by } by { $by } on { $at }. To see pending quotes, type /quotes.
   *[expired] It expired on { $at }. To order these seats, type /add-seats.
}
refusal-quotes-pending = More quotes became pending in the meantime, so nothing was changed. Approve or reject them first: { $numbers }.
refusal-reason-too-long = Your reason is { $length } characters long. The maximum is { $most }.
refusal-mail-not-configured = Email isn’t set up yet, so we can’t send receipts for a period. To get one receipt’s PDF, type /billing receipts.
refusal-no-receipts-in-period = There are no receipts from { $first } to { $last }. Choose a different period.
refusal-period-reversed = The period ends before it begins. Choose { $first } or a later day.
refusal-too-many-receipts = There are more than { $most } receipts in that period. Choose a shorter one.
refusal-receipt-export-not-found = We can’t find that request. To see your receipts, type /billing receipts.
refusal-receipt-not-found = We can’t find that receipt. To see yours, type /billing receipts.
refusal-seats-not-a-number = “{ $typed }” isn’t a number of seats. Enter a whole number, 0 or more.
refusal-seats-not-given = { $has_typed ->
    [yes] “{ $typed }” isn’t a number of seats of { $product }. Enter the number you want in its field.
   *[no] You named { $product } without a number of seats. Enter the number you want in its field.
}
refusal-role-withdrawn = { $has_by ->
    [yes] { $by } removed you as a billing contact for { $account } on { $at }
   *[no] You left the billing contacts for { $account } on { $at }
}, so nothing was changed. { $has_contacts ->
    [yes] If you need the role, ask one of the other contacts: { $contacts }.
   *[no] If you need the role, ask Account Services.
}
refusal-subscription-busy = Service order { $number } is being processed for the same subscription. Try again once it’s done.
refusal-subscription-not-active = One of these subscriptions isn’t active with the payment provider: its first payment is missing. Nothing was changed or bought. Account Services can help.
refusal-subject = { $has_product ->
    [yes] Your { $product } subscription
   *[no] One of these subscriptions
}
refusal-subscription-in-trial = { refusal-subject } is in trial{ $has_until ->
    [yes] {" "}until { $until }
   *[no] {""}
}, so seats can’t be billed yet. Order them after the trial, or ask Account Services.
refusal-subscription-past-due = { refusal-subject } has an unpaid invoice. Once it’s paid, you can order seats. Account Services can help.
refusal-subscription-paused = { refusal-subject } is paused. Once it’s resumed, you can order seats. Account Services can help.
refusal-collection-paused = Payments for { $has_product ->
    [yes] your { $product } subscription
   *[no] one of these subscriptions
} are paused{ $has_until ->
    [yes] {" "}until { $until }
   *[no] {""}
}, so seats can’t be billed. Once payments resume, you can order seats. Account Services can help.
refusal-subscription-billed-ahead = { refusal-subject } has been billed in advance, through { $last }. New seats would be billed for all of that time at once, so nothing was changed or bought. Account Services can order these seats for you.
refusal-subscription-currency-converted = { refusal-subject } is billed in { $currency }, at an exchange rate that the payment provider sets at that moment. We can’t promise that amount, so nothing was changed or bought. Account Services can order these seats for you.
refusal-subscription-just-started = { refusal-subject } has just started, with a first period of less than a day. Order seats from { $at }, when the next one begins.
refusal-subscription-sold-by-provider = { refusal-subject } is sold to you by the payment provider, whose name our documents wouldn’t show as the seller. Nothing was changed or bought. Account Services can order these seats for you.
refusal-subscription-change-scheduled = { refusal-subject } has a change scheduled for { $on }{ $change ->
    [price] {" "}that sets a different price for { seat-count }
    [removed] {" "}that removes the product
    [unknown] {""}
   *[seats] {" "}that sets it to { seat-count }
}, which would undo your order. Order seats after that date, or ask Account Services to change the schedule.
refusal-subscription-update-pending = { refusal-subject } has another change that hasn’t been paid yet. Order seats once it’s paid, or after { $until }, when it expires.
refusal-period-ends-soon = { refusal-subject } { $renews ->
    [yes] renews on { $at }: it’s too late to order seats for the current period. Nothing was changed or bought. Order after that.
   *[no] ends on { $at }: it’s too late to order seats for it. Nothing was changed or bought.
}
refusal-subscription-ended = Your subscription to { $product } has ended, so there are no seats to order.
refusal-subscription-not-found = We can’t find that subscription. Open the cart again.
refusal-subscription-not-self-served = You can’t order seats for this { $product } subscription here.{ $has_reason ->
    [yes] {" "}Reason: { $reason }.
   *[no] {""}
} { $reason_names_services ->
    [yes] Contact them to order seats.
   *[no] Account Services can order them for you.
}
refusal-view-trigger-expired = That took too long for Slack to open a window. Nothing is lost. Try again.
refusal-slack-unavailable = Slack didn’t respond properly, so there was nothing we could show you. Nothing is lost. Try again in a moment.
installation-interrupted = Slack didn’t respond properly, so nothing was installed yet. Start again from the install page in a moment.
refusal-database-unavailable = We can’t reach our database right now. Try again in a few minutes: everything you saved is safe, and nothing will be bought twice.
refusal-database-read-only = We can show you everything, but we can’t store anything right now, so nothing was changed. Try again in a few minutes.
refusal-unexpected-error = Something went wrong on our side. Try again. If it keeps happening, give Account Services this reference: { $reference }.
refusal-unknown-subcommand = “{ $word }” isn’t an option of { $command }. To see what you can do, type { $command } help.
refusal-unknown-control = This button or form belongs to another version of the app, so nothing was changed. To start from a current screen, type /add-seats, /quotes, /service-orders or /billing.
refusal-unknown-command = { $command } is no longer available. To see what you can do, type /add-seats help.
refusal-too-many-invitations = The maximum is { $most } open invitations. Cancel one, or wait until one is answered.
refusal-too-busy = We’re very busy right now, so nothing was changed. Try again in a minute.
refusal-too-many-seats = The maximum is { $most } new seats.
refusal-too-many-seats-in-order = { $total } new seats are too many for one order. The maximum is { $most }.
refusal-unknown-administrator = That administrator is no longer on this account. Choose another one.
refusal-unknown-country = Choose a country from the list.
refusal-unknown-currency = { $currency } isn’t a currency.
refusal-unknown-product = { $has_typed ->
    [yes] You don’t have a subscription to “{ $typed }” here. Enter the number of seats beside the product you mean. You have: { $products }.
   *[no] You don’t have a subscription that you can add seats to here.
}
refusal-invalid-accounts-file = The file can’t be imported. { $problems }

## Notices
notice-services = Account Services: { $url }
notice-row = { $product }: { new-seat-count }
notice-row-amount = { $amount } plus { $tax } tax
notice-more-rows = { $more ->
    [one] … and 1 more product
   *[other] … and { $more } more products
}
notice-po-number = Purchase order: { $number }
notice-total-with-tax = Total: { $total }, including { $tax } tax
notice-subtotal = Subtotal: { $amount }
notice-tax = Tax: { $amount }
notice-total = Total: { $amount }
notice-status = Status
notice-order-status = Service order { $number }: { order-status }
notice-order-resolved = { $request ->
    [order_declined] Seats of { $products } were declined. This message no longer needs an answer.
   *[order_needs_customer] The payment for { $products } needed to be confirmed. This message no longer needs an answer.
}
notice-order-placed-by = Placed by { $name } on { $at }, from quote { $quote }
notice-order-next-decide = A billing contact needs to decide by { $until }: try the declined seats again, or cancel them. They’re only billed if you try again.
notice-order-next-confirm = The billing contact needs to confirm the payment by { $until }. Otherwise, it will be declined.
notice-order-next-queued = We’ll continue automatically once service order { $number } is done, by { $by } at the latest.
notice-order-next-overdue = { notice-order-overdue-since } There’s no need to order again. Account Services can help.
notice-order-finished = { $status ->
    [completed] Completed on { $at }. { document-name }
   *[failed] Failed on { $at }
}
notice-order-placed = Your service order { $number } for { $account } has been placed
notice-order-queued = Service order { $number } is queued behind { $queued_behind }
notice-order-queued-reason = We process one service order at a time for a subscription. Yours will continue automatically once { $queued_behind } is done.
notice-order-declined = { $payment ->
    [invoice] Service order { $number }: seats declined for { $products }
   *[charge] Service order { $number }: payment declined for { $products }
}
notice-order-declined-reason = Reason: { $reason }
notice-order-two-prices = You were promised { $promised }. The price is now { $offered }, including tax.
notice-order-not-billed = These seats weren’t billed or added.
notice-order-retry = { $payment ->
    [invoice] Try again by { $until }, or cancel these seats.
   *[charge] Try again with this or another payment method by { $until }, or cancel these seats.
}
notice-order-needs-customer = { $personal ->
    [yes] Service order { $number }: confirm your payment for { $products }
   *[no] Service order { $number }: the billing contact needs to confirm the payment for { $products }
}
notice-order-confirm = { $product }: the bank requires confirmation.
notice-order-confirm-until = { $product }: the bank requires confirmation by { $until }.
notice-order-confirm-link = Confirm here: { $url }
notice-order-failed = Service order { $number } failed
notice-invoice = { $status ->
    [paid] Invoice { $number } for service order { $order } is paid
    [void] Invoice { $number } for service order { $order } was cancelled
    [uncollectible] Invoice { $number } for service order { $order } was written off
    [overdue] Invoice { $number } for service order { $order } is overdue
   *[due] Invoice { $number } for service order { $order } is due
}
notice-invoice-due = Due on { $on }
notice-invoice-overdue = The seats stay. Pay the invoice, or ask Account Services if something is wrong with it.
notice-order-overdue = Service order { $number } is overdue
notice-order-overdue-since = This was due by { $by } and is still in progress.
notice-order-overdue-ask = Account Services can help. Give them the order number: { $number }.
notice-account = Account: { $name } ({ $id })
notice-contact = Billing contact: { $name }, { $email }
notice-steps = History so far:
notice-history = { $step ->
    [placed] { $at }: { history-service-order-placed } by { $by }
    [processing] { $at }: { history-service-order-processing }
    [line_settled] { $at }: { notice-row } added{ $has_invoice ->
        [yes] {", "}invoice { $invoice }
       *[no] {""}
    }
    [line_declined] { $at }: { $product } declined: { $reason }
    [line_needs_customer] { $at }: { $product }: waiting for the payment to be confirmed
    [line_unknown] { $at }: { $product }: waiting for the payment provider. You won’t be billed twice.
    [waits] { $at }: Queued behind service order { $queued_behind }
    [invoice_paid] { $at }: Invoice { $invoice } paid
    [invoice_void] { $at }: Invoice { $invoice } cancelled
    [invoice_uncollectible] { $at }: Invoice { $invoice } written off
    [invoice_overdue] { $at }: Invoice { $invoice } overdue
    [retried] { $at }: Tried again by { $by }
    [given_up] { $at }: { history-service-order-given-up } by { $by }
    [overdue] { $at }: { history-service-order-overdue }
    [completed] { $at }: { history-service-order-completed }
    [failed] { $at }: { history-service-order-failed }
   *[other] { $at }: { $step }
}
notice-receipt = { document-name } for service order { $order }
notice-receipt-export = Receipts for { $account }, { $first } to { $last }{ $mails ->
    [one] {""}
   *[other] {" "}(email { $mail } of { $mails })
}
notice-receipt-file = { $kind ->
    [invoice] { document-name }, with the order confirmation
    [confirmation] Order confirmation { $number }
   *[receipt] PDF of receipt { $number }
}
by-email-too = { $has_mail ->
    [yes] {" "}and email
   *[no] {""}
}
notice-receipt-sent = { $kind ->
    [invoice] { $count ->
        [one] { document-name } was sent to the billing contact by direct message{ by-email-too }. Billing contacts can find it any time with /billing receipts.
       *[other] { document-name } were sent to the billing contact by direct message{ by-email-too }. Billing contacts can find them any time with /billing receipts.
    }
   *[receipt] { document-name } was sent to the billing contact by direct message{ by-email-too }. Billing contacts can find it any time with /billing receipts.
}
notice-not-bought = Not bought or billed:
notice-quote-arrived = Quote { $number } needs your decision
notice-quote-reminder = { $whole ->
    [yes] Quote { $number } expires at the end of { $until }
   *[no] Quote { $number } expires on { $until }
}
notice-quote-decided = { $decision ->
    [accepted] Quote { $number } was accepted
    [rejected] Quote { $number } was rejected
    [replaced] Quote { $number } was replaced
    [accepted-elsewhere] Quote { $number } was accepted outside Slack
    [rejected-elsewhere] Quote { $number } was rejected outside Slack
    [pending] Quote { $number }
   *[expired] Quote { $number } has expired
}
notice-quote-file = PDF of quote { $number }
notice-extension-requested = { $account } requests an extension of quote { $number }
notice-extension-undelivered = { $withdrawn ->
    [yes] Your request to extend quote { $number } didn’t reach Account Services
   *[no] Your request to extend quote { $number } hasn’t reached Account Services yet
}
notice-extension-decided = { $status ->
    [approved] Quote { $number } is now valid through { $until }
   *[declined] Account Services declined the extension of quote { $number }
}
notice-quote-decision = { $decision ->
    [accepted] Accepted by { $by } on { $at }: service order { $order }
    [rejected] Rejected by { $by } on { $at }. { $reason }
    [replaced] Replaced with quote { $replaced_by } by { $by } on { $at }. It can’t be restored.
    [accepted-elsewhere] Accepted outside Slack on { $at }
    [rejected-elsewhere] Rejected outside Slack on { $at }
   *[expired] Expired on { $at }
}
notice-portal-changed = { $by } made GoTo Admin the default billing portal for { $account }
notice-contact-invited = { $by } invited you to become a billing contact for { $account }
notice-contact-invited-details = Billing contacts can order seats at the account’s expense, see its quotes, service orders and receipts, and get receipts by email. You only become one if you accept.
notice-contact-invited-until = You can accept until { $until }.
notice-contact-invitation-answer = { $status ->
    [accepted] You accepted on { $at }. To order seats, type /add-seats.
    [declined] You declined on { $at }.
    [cancelled] { $by } cancelled this invitation on { $at }.
   *[lapsed] This invitation has expired. If you still need it, ask for a new one.
}
notice-contacts-changed = { $change ->
    [invited] { $by } invited { $name } to become a billing contact for { $account }
    [accepted] { $name } is now a billing contact for { $account }
    [declined] { $name } declined the invitation to become a billing contact for { $account }
    [cancelled] { $by } cancelled { $name }’s invitation to become a billing contact for { $account }
    [lapsed] { $name }’s invitation to become a billing contact for { $account } has expired
    [undelivered] We couldn’t deliver { $name }’s invitation to become a billing contact for { $account }
    [left] { $name } is no longer a billing contact for { $account }
   *[withdrawn] { $by } removed { $name } as a billing contact for { $account }
}
notice-contacts-changed-details = To see who the billing contacts are, and to change them, type /billing and use “Manage contacts”.
notice-contact-withdrawn = { $by } removed you as a billing contact for { $account }
notice-contact-withdrawn-details = You can no longer order seats for it or see its quotes, service orders and receipts. If you still need to, ask one of its billing contacts.
notice-portal-changed-details = The Corporate Billing Portal is no longer available to you. Your billing information and permissions stay the same, and you can still add seats here.
notice-channel-unreachable = We can’t post to <#{ $channel }>, the channel for { $account }
notice-channel-unreachable-plain = We can’t post to { $channel }, the channel for { $account }
notice-channel-unreachable-details = Its messages now go to the billing contacts by direct message. To fix this, invite the app to the channel or ask for a different channel to be set.
notice-digest = { $count ->
    [one] Your digest for { $account }: 1 notification
   *[other] Your digest for { $account }: { $count } notifications
}
notice-digest-line = • { $at }: { $what }
notice-digest-reason = You chose to get these once a day.
notice-actions = Actions: { $choices }

## Receipt
receipt-list = Receipts for *{ $account }*, newest first. We’ll send you the PDF by direct message.
receipt-list-empty = *{ $account }* has no receipts yet. You’ll get one when a service order is completed.
receipt-sent-success = { $count ->
    [one] { document-name } is on its way.
   *[other] { document-name } are on their way.
}
receipt-sent = You’ll get a direct message with the PDF in a moment.{ $has_mail ->
    [yes] {" "}If Slack can’t deliver it, we’ll email it to { $email }.
   *[no] {""}
}
receipt-export-title = Receipts by period
receipt-export-intro = For the bookkeeping of *{ $account }*: we’ll email you the PDFs of all receipts issued in this period, and a spreadsheet (CSV) with a row for each receipt or invoice and tax rate.
receipt-export-since = From
receipt-export-until = To (inclusive)
receipt-export-submit = Email receipts
receipt-export-found = { $count ->
    [one] *1 receipt*
   *[other] *{ $count } receipts*
}{ $has_mail ->
    [yes] , in { $mails ->
        [one] one email
       *[other] { $mails } emails
    } to { $email }
   *[no] {""}
}:
receipt-export-requested = { $finished ->
    [yes] Receipts for *{ $account }* by email to { $email }.
   *[no] We’re emailing receipts for *{ $account }* to { $email }.
}
receipt-export-progress = *{ $first } to { $last }:* { $sent } of { $mails ->
    [one] 1 email
   *[other] { $mails } emails
} sent.{ $failed ->
    [0] {""}
    [one] {" "}One can’t be delivered. Check the address with Account Services.
   *[other] {" "}{ $failed } can’t be delivered. Check the address with Account Services.
}
receipt-export-view-progress = View progress
receipt-export-attached = { $count ->
    [one] The PDF of 1 receipt is attached.
   *[other] The PDFs of { $count } receipts are attached.
}
receipt-export-table = The attached spreadsheet (CSV) has a row for each receipt or invoice of the period and each of its tax rates. The subtotal and the total of a document are in its first row. An invoice that was cancelled or written off says so in the Status column.
receipt-table-document = Document number
receipt-table-status-name = { $status ->
    [paid] paid
    [void] cancelled
    [uncollectible] written off
    [overdue] overdue
   *[due] due
}
receipt-table-tax-ids = Tax ID of the buyer
receipt-table-currency = Currency
receipt-table-percent = Tax rate in percent
receipt-table-subtotal = Subtotal of the document
receipt-table-total = Total of the document
invoice-title = Invoice { $number }
invoice = Invoice
invoice-line =
    { $status }
    { $product }, { new-seat-count }, service order { $order }
invoice-link = The link to the invoice is just for you: please don’t share it.
invoice-no-link = The payment provider doesn’t have a page for this invoice. Account Services can help.
document-name = { $kind ->
    [invoice] { $count ->
        [one] Invoice { $number }
       *[other] Invoices { $number }
    }
   *[receipt] Receipt { $number }
}
receipt-title = Receipt { $number }
order-confirmation-title = Order confirmation { $number }
order-confirmation-heading = Order confirmation
order-confirmation-note = This order confirmation isn’t an invoice. { $count ->
    [one] The invoice is { $number }.
   *[other] The invoices are { $number }.
}
receipt-invoice-note = { $count ->
    [one] The seats on invoice { $number } are listed here too. For them, the invoice is the document to book, not this receipt.
   *[other] The seats on invoices { $number } are listed here too. For them, the invoices are the documents to book, not this receipt.
}
receipt-heading = Receipt
receipt-paid = Paid
receipt-to-pay = To be paid by invoice
receipt-partly-paid = Partly paid
receipt-all-carried-over = On your next invoice
receipt-paid-by-credit = Paid with account credit
receipt-nothing-to-pay = Nothing to pay
receipt-seller = Seller
receipt-buyer = Billed to
receipt-number = Receipt number
receipt-date = Date
receipt-product = Product
receipt-seats = New seats
receipt-period = Period
receipt-amount = Amount
receipt-tax = Tax
receipt-price = { $price }, prorated
receipt-since = from { $day }
receipt-until = to { $day }
receipt-tax-rate = Tax rate
receipt-taxable = Taxable amount
receipt-tax-id = { $kind ->
    [vat] VAT number: { $id }
   *[other] Tax ID: { $id }
}
receipt-po-number = Purchase order
receipt-line-method = { $type ->
    [paid_elsewhere] paid outside the payment provider
   *[charged] charged { $has_day ->
        [yes] on { $day } to { $method }
       *[no] to { $method }
    }
}
receipt-subtotal = Subtotal
receipt-total = Total
receipt-credit-used = Account credit
receipt-earlier-balance = Earlier balance
receipt-carried-over = Added to your next invoice
receipt-charged-to = { $type ->
    [paid_elsewhere] { $method }
   *[charged] Charged to { $method }
}: { $amount }
receipt-invoiced = Invoice { $number }: { $amount }{ $has_date ->
    [yes] , due on { $day }
   *[no] {""}
}
receipt-invoice-due = Invoice { $number }{ $has_date ->
    [yes] , due on { $day }
   *[no] {""}
}
receipt-nothing-due = There’s nothing to pay now.
receipt-payment = { $type ->
    [paid_elsewhere] { $method }
   *[charged] Paid on { $day } with { $method }
}

## Receipt mail
email-receipt-thanks = Your service order { $order } is completed. { $kind ->
    [invoice] { $count ->
        [one] Here’s your invoice.
       *[other] Here are your invoices.
    }
    [confirmation] Here’s the order confirmation.
   *[receipt] Here’s your receipt.
}
email-receipt-attached = { $kind ->
    [invoice] { $count ->
        [one] Your invoice and the order confirmation are attached as PDFs.
       *[other] Your invoices and the order confirmation are attached as PDFs.
    }
    [confirmation] The order confirmation is attached as a PDF.
   *[receipt] Your receipt is attached as a PDF.
}
invoice-pdf-missing = { $count ->
    [one] The payment provider hasn’t sent us the PDF of invoice { $number } yet. Get it later with /billing receipts in Slack.
   *[other] The payment provider hasn’t sent us the PDFs of invoices { $number } yet. Get them later with /billing receipts in Slack.
}
email-files-too-large = These files are too large for this email: { $names }. Get them with /billing receipts in Slack.
email-receipt-number = { $kind ->
    [invoice] { $count ->
        [one] Invoice: { $number }
       *[other] Invoices: { $number }
    }
   *[receipt] Receipt: { $number }
}
email-receipt-date = Date: { $day }
email-receipt-account = Account: { $account }
email-receipt-address = { billing-address }:
email-receipt-order = Service order: { $order }, from quote { $quote }
email-receipt-placed = Placed by { $name } on { $day }
email-footer = Slack couldn’t deliver this message to you, so we sent it by email.
