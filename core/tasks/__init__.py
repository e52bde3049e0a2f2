"""Job bodies: run(context) -> result. Never imports services."""
