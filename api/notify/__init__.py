"""Notifies people of alerts by e-mail, chat, pager and webhook."""
