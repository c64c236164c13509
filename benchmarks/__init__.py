"""Measures this project and its alternatives: `make bench`, or `python -m benchmarks`.

Each part is a module that `benchmarks.__main__` names. It has two functions:

- `measure(report: Callable[[str], None], *, quick: bool) -> dict[str, Any]` measures, and returns results that JSON can
  hold. It calls `report` with the name of each measurement. With `quick` it measures only to show that it works.
- `to_markdown(results: dict[str, Any]) -> str` returns the part's section of RESULTS.md, ratios first.

`benchmarks.__main__` reads three keys of the results; each is optional. `targets` is a list of
`benchmarks.report.target`, shown at the top. `ratios` and `growth` are plotted, each as
`{"label": str, "x_label": str, "x": [...], "series": {name: [...]}}`; `x_label` is optional.
"""
