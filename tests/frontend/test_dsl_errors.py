"""What people get wrong, and what they are told: one wrong page and one golden text for each.

`python -m tests.frontend.test_dsl_errors` writes the golden texts anew; read the difference before committing it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sparsec.errors import DslError
from sparsec.frontend.dsl import read_dsl
from sparsec.weights import WeightStore

HERE = Path(__file__).parent
PAGES = sorted((HERE / "wrong").glob("*.spc"))
GOLDEN = HERE.parent / "golden" / "errors"


def complaint(page: Path) -> str:
    """What is said about a page."""
    with pytest.raises(DslError) as caught:
        read_dsl(page, WeightStore())
    return str(caught.value).replace(f"{page.parent}/", "") + "\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_wrong_page(page: Path) -> None:
    golden = GOLDEN / f"dsl_{page.stem}.txt"
    assert complaint(page) == golden.read_text()


def test_every_golden_text_has_a_page() -> None:
    assert {path.stem for path in GOLDEN.glob("dsl_*.txt")} == {f"dsl_{page.stem}" for page in PAGES}


if __name__ == "__main__":
    for path in PAGES:
        (GOLDEN / f"dsl_{path.stem}.txt").write_text(complaint(path))
