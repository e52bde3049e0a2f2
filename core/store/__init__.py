"""The database: tables, transactions and queries. SQLAlchemy; no torch."""
