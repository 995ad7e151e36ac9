"""The closed sets the classifier answers with, in output order."""

INTENTS = [
    "cancel_order",
    "change_order",
    "change_shipping_address",
    "check_cancellation_fee",
    "check_invoice",
    "check_payment_methods",
    "check_refund_policy",
    "complaint",
    "contact_customer_service",
    "contact_human_agent",
    "create_account",
    "delete_account",
    "delivery_options",
    "delivery_period",
    "edit_account",
    "get_invoice",
    "get_refund",
    "newsletter_subscription",
    "payment_issue",
    "place_order",
    "recover_password",
    "registration_problems",
    "report_bug",
    "request_discount",
    "review",
    "set_up_shipping_address",
    "switch_account",
    "track_order",
    "track_refund",
]
SENTIMENTS = ["very_negative", "negative", "neutral", "positive", "very_positive"]
URGENCIES = ["low", "normal", "high", "urgent"]
HAZARDS = ["legal", "health_safety", "self_harm", "violence", "fraud", "privacy", "press"]
SCOPE = ["out_of_scope"]

# What a hand-written file holds, by its name.
KINDS = ("intents_extra", "requests", "hazards", "out_of_scope", "mood", "tickets", "scenery")

# Head name -> labels; the ONNX outputs carry these names.
HEADS = {
    "intent": INTENTS,
    "sentiment": SENTIMENTS,
    "urgency": URGENCIES,
    "hazard": HAZARDS,
    "scope": SCOPE,
}
# Spellings of the Bitext releases that differ from ours.
BITEXT_SPELLING = {"check_invoices": "check_invoice"}
