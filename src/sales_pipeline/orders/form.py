"""What a row of the stack's lake holds. Pure: no AWS, environment or clock."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from transform.column_types import CHANGE_COLUMNS, OTHER_ATTRIBUTES, Column
from transform.columns import COLUMNS


class RowForm(NamedTuple):
    """The columns of rows and of the declared table, by the stack's parameters."""

    change_columns: bool = False
    other_attributes: bool = False
    columns: Sequence[Column] = COLUMNS
    """Those of the order, the key first."""

    @classmethod
    def of(cls, parameters: Mapping[str, str], columns: Sequence[Column] = COLUMNS) -> "RowForm":
        """Return the form that these parameters of template.yaml ask for."""
        return cls(
            change_columns=parameters.get("ChangeColumns") == "APPEND",
            other_attributes=parameters.get("OtherAttributes") == "KEEP",
            columns=columns,
        )

    @property
    def key(self) -> Column:
        """The column of the table's key."""
        return self.columns[0]

    @property
    def more(self) -> tuple[str, ...]:
        """Names of the columns after those of the order. All hold text."""
        return (*CHANGE_COLUMNS * self.change_columns, *(OTHER_ATTRIBUTES,) * self.other_attributes)
