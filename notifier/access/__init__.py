"""Who may use the program: accounts, sessions, API keys, and the audit log."""
