from types import SimpleNamespace

import pytest

from custom_resource import stack
from tests.unit.custom_resource.ends import STACK_ID


@pytest.mark.parametrize("described", [{}, {"Stacks": []}, {"Stacks": [{}]}])
def test_an_answer_that_is_not_cloudformations_own_is_named(monkeypatch, described):
    monkeypatch.setattr(stack, "cloudformation", SimpleNamespace(describe_stacks=lambda **_: described))
    with pytest.raises(RuntimeError, match="not CloudFormation's own"):
        stack.status(STACK_ID)
