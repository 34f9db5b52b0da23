"""Alerts to people who are not looking: e-mail, chat, pagers and webhooks."""
