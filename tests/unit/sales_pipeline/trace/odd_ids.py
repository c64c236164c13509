"""Ids that a table can hold, and that a careless program takes for something else."""

ODD_IDS = (
    *("'", "''", "a'b", "'; DROP TABLE orders; --", '"', "\\", "\\'", "%s", "%(a)s", "{0}", "${dt}", "?", "*"),
    *("-1", "--since", "--", "-", "/", "../..", "a:3", "a/b", "#", " ", " a ", "NULL", "true"),
    *("12", "12.0", "1e5", "NaN", "2026-11-22", "\n", "a\r\nb", "\t", "\x1b[31mred", "\x00", "\x7f"),
    *("日本", "e\u0301", "\u202egnp.exe", "\u200b", "\ud7ff", "😀", "A", "a", "x" * 2048),
)
