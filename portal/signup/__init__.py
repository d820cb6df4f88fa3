"""The guest's whole story: a phone is left, a code proves it, and consent, card and internet follow.

Lives here: PhoneVerification, its code, limits, resends and completion. Does not: pages (web/guest), sending (sms, jobs).
"""
