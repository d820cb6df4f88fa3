"""What steps, times between them, places where guests stop and costs are called: the same on a page and in its file."""

from portal.core.i18n import marked

STEPS = {
    "seen": marked("Visits"),
    "phone": marked("Phone left"),
    "code_sent": marked("Code sent"),
    "code_delivered": marked("Code delivered"),
    "verified": marked("Phone verified"),
    "card": marked("Card issued"),
    "card_saved": marked("Card saved"),
    "online": marked("Online"),
}
TIMES = {
    "whole": marked("From the visit to the right code"),
    "phone": marked("From the visit to the number"),
    "code_sent": marked("From the number to the SMS sent"),
    "code_delivered": marked("From the number to the SMS delivered"),
    "verified": marked("From the number to the right code"),
    "online": marked("From the code to the internet"),
    "card_saved": marked("From the card to saving it"),
}
STOPS = {
    "no_phone": marked("Left no number"),
    "refused": marked("Held back by a limit"),
    "wrong_number": marked("Wrong number"),
    "no_sms": marked("No SMS"),
    "wrong_code": marked("Wrong code"),
    "gave_up": marked("Did not type the code"),
    "no_internet": marked("No internet after the code"),
}
COSTS = {"once": marked("once"), "pieces": marked("by the piece"), "days": marked("for a number of days")}
