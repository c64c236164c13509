"""What the program costs, beside what a user would pick instead: `make bench`, or `python -m benchmarks`.

Each part is a module that `benchmarks.__main__` names, with two functions:

- `measure(report: Callable[[str], None], *, quick: bool) -> dict[str, Any]` takes the measurements and returns them as
  JSON. `report` says what is being measured; `quick` takes as few as show that it works.
- `to_markdown(results: dict[str, Any]) -> str` is the part's section of RESULTS.md, ratios first.

Three keys of the results have a meaning for the whole, and any of them may be missing: `targets` is a list of
`benchmarks.report.target`, shown on top; `ratios` and `growth` are plotted, each as
`{"label": str, "x_label": str, "x": [...], "series": {name: [...]}}`, `x_label` only where it says something.
"""
