"""Creates the view `sales_current`, as one does on AWS: by the saved query of the stack."""

from sales_pipeline import query
from sales_pipeline.aws.stack import Stack

NAME = "Create the view sales_current"


def create(stack: Stack) -> None:
    """Run the saved query that creates the view. Raises QueryError, and boto3's errors."""
    athena = stack.session.client("athena")
    found = athena.list_named_queries(WorkGroup=stack["WorkGroupName"])["NamedQueryIds"]
    for each in athena.batch_get_named_query(NamedQueryIds=found)["NamedQueries"]:
        if each["Name"] == NAME:
            query.ask(stack, each["QueryString"])
