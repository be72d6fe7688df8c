"""Prints what each failure said and whether the next try succeeded, after a run."""

ROWS = []


def pytest_terminal_summary(terminalreporter):
    if not ROWS:
        return
    terminalreporter.section("when things go wrong")
    wide = max(len(case) for case, _, _ in ROWS)
    terminalreporter.write_line(f"{'case'.ljust(wide)} | recovered | message")
    for case, message, recovered in ROWS:
        terminalreporter.write_line(
            f"{case.ljust(wide)} | {'yes' if recovered else 'NO':9} | {message}"
        )
