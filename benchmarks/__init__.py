"""Measures this project and its alternatives: `make bench`, or `python -m benchmarks`.

Each part is a module that `benchmarks.__main__` names. It has two functions:

- `measure(report: Callable[[str], None], *, quick: bool) -> dict[str, Any]` measures, and returns results that JSON can
  hold. It calls `report` with the name of each measurement. With `quick` it measures only to show that it works.
- `to_markdown(results: dict[str, Any]) -> str` returns the part's section of RESULTS.md, ratios first.

`benchmarks.__main__` reads four keys of the results; each is optional. `headline` is a sentence, and `targets` is a
list of `benchmarks.report.target`; both are shown at the top. `ratios` and `growth` are plotted. Each is a panel, or a
list of them: `{"label": str, "x_label": str, "x": [...], "series": {name: [...]}}`; `x_label` is optional.
"""
