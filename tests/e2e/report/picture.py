"""Writes the pictures of the report that the README shows, of the sample: `make pictures`.

The names are docs/report.png, and docs/report-dark.png for dark screens.
"""

import sys

from tests import ROOT, chromium
from tests.e2e.report.sample import sales, sample

PICTURES = {"light": ROOT / "docs" / "report.png", "dark": ROOT / "docs" / "report-dark.png"}
WIDTH, HEIGHT = 900, 800
SHARPNESS = 1.5
"""Pixels of the picture per pixel of the page: README pages are about as wide, and many screens are sharper."""
FIRST_LEFT_OUT = ".cards >> nth=1"
"""The picture ends above it: what is left shows the charts by hour, the products, tables and checks."""


def main():
    """Open the sample in Chromium and write both pictures. Return an exit code."""
    path = chromium.recorded()
    if path is None:
        sys.stderr.write("error: no Chromium or Chrome is installed: run `make setup`, which installs one\n")
        return 1
    text = sample(sales())
    with chromium.launched(path) as browser:
        for scheme, picture in PICTURES.items():
            page = browser.new_page(
                viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=SHARPNESS, color_scheme=scheme
            )
            page.set_content(text)
            bottom = page.locator(FIRST_LEFT_OUT).bounding_box()["y"]
            page.screenshot(path=picture, full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": bottom})
            page.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
